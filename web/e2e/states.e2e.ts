// Before there is anything, when there is nothing, and when something fails.
import { aisha, composer, expect, kept, message, ravi, settled, test } from './fixtures.js';
import { tokenOf } from '../packages/sdk/tests/server.js';
import type { Locator } from '@playwright/test';

test('E1: what takes long has the shape of what will be there, after 150 ms; what is there stays', async ({
  enter,
  order,
}) => {
  const { room } = await order('901');
  const second = await order('902');
  const page = await enter(aisha, '/app/');
  await page.locator('#rooms li').first().waitFor();
  let go = () => {};
  const held = new Promise<void>((done) => (go = done));
  await page.route('**/api/chat/rooms/**', async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(new URL(`/app/rooms/${room}`, page.url()).href);
  for (const kind of ['rooms', 'messages']) {
    const skeleton = page.locator(`[data-skeleton].${kind}`);
    await expect(skeleton).toBeVisible();
    const delay = await skeleton.evaluate(
      (one) => one.getAnimations()[0]!.effect!.getTiming().delay,
    );
    expect(delay).toBe(150);
    await expect(skeleton).toHaveCSS('opacity', '1');
  }
  await expect(page.locator('.spinner')).toHaveCount(0);
  go();
  await settled(page);
  await expect(page.locator('[data-skeleton]')).toHaveCount(0);
  // From one chat to another the list does not blink.
  await page.evaluate(() => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    new MutationObserver(() => {
      if (document.querySelector('#rooms [data-skeleton]')) seen.push('skeleton');
    }).observe(document.querySelector('#rooms')!, { childList: true, subtree: true });
  });
  await page.locator(`#rooms [data-room="${second.room}"]`).click();
  await expect(page.locator('h1')).toContainText('902');
  await settled(page);
  expect(await page.evaluate(() => (window as unknown as { seen: string[] }).seen)).toEqual([]);
});

test('E1: one writes into a thread when it is there', async ({ chat }) => {
  const { room, page } = await chat({ said: ['Where shall I leave it?'] });
  const id = await message(page, 'Where shall I leave it?').getAttribute('data-message');
  let go = () => {};
  const held = new Promise<void>((done) => (go = done));
  await page.route('**/thread/**', async (route) => {
    if (route.request().resourceType() !== 'document') await held;
    await route.continue();
  });
  await page.goto(new URL(`/app/rooms/${room}/thread/${id}`, page.url()).href);
  await settled(page);
  await expect(page.locator('aside [data-skeleton]')).toBeVisible();
  await expect(page.locator('aside [data-composer]')).toHaveCount(0);
  go();
  await page.locator('aside [data-composer]').fill('With the neighbour.');
  await page.keyboard.press('Enter');
  await expect(message(page, 'With the neighbour.')).toBeVisible();
});

test('E2: where nothing is, one sentence says so, and one thing can be done', async ({
  enter,
  chat,
}) => {
  const nobody = { sub: 'zoe', role: 'customer', name: 'Zoe New' };
  const page = await enter(nobody, '/app/');
  const list = page.locator('#rooms .empty');
  await expect(list).toContainText('No chats yet');
  await list.getByRole('button', { name: 'Public' }).click();
  await expect(page).toHaveURL(/scope=public/);
  await page.goto(new URL('/app/?find=nothing-like-this', page.url()).href);
  await expect(list).toContainText('Nothing matches');
  await list.getByRole('button', { name: 'Clear filters' }).click();
  await expect(page).not.toHaveURL(/find=/);

  const { page: hers } = await chat();
  await expect(hers.locator('.nobody')).toContainText('No messages here yet.');
  await hers.getByRole('log').focus();
  await hers.getByRole('button', { name: 'Write a message' }).click();
  await expect(composer(hers)).toBeFocused();
});

test('E2 L6: where the list begins with archived chats, the others are there', async ({
  enter,
  order,
}) => {
  const mira = { sub: 'mira', role: 'customer', name: 'Mira Sand' };
  const { room } = await order('904', { customer: { id: mira.sub, name: mira.name } });
  const page = await enter(mira, '/app/', {}, (page) =>
    page.route(/\/api\/chat\/rooms\/\?/, async (route) => {
      const answer = await route.fetch({ url: route.request().url().replace('&rest', '') });
      const list = await answer.json();
      if (!route.request().url().includes('&rest')) {
        list.results = [{ ...list.results[0], id: 'old', status: 'archived' }];
        list.next = `${new URL(route.request().url()).search.replace('?', '/api/chat/rooms/?')}&rest`;
      }
      await route.fulfill({ json: list });
    }),
  );
  await expect(page.locator(`#rooms [data-room="${room}"]`)).toBeVisible();
  await expect(page.locator('#rooms li')).toHaveCount(1);
});

test('E3: a part of the pages that cannot be fetched is not silent', async ({ page, site }) => {
  await page.addInitScript((token) => {
    sessionStorage.setItem('orderchat.token', token);
  }, tokenOf(aisha));
  await page.route('**/assets/Settings-*.js', (route) => route.abort());
  await page.goto(`${site.url}/app/`);
  await page.locator('#rooms').waitFor();
  await page.locator('.side header').getByRole('button').last().click();
  await page.getByRole('menuitem', { name: 'Settings' }).click();
  await expect(page.locator('.toasts')).toContainText('The server cannot be reached.');
});

test('E3: what fails can be tried again where it failed; signing in again keeps the draft', async ({
  enter,
  order,
  server,
}) => {
  const mia = { sub: 'mia', role: 'customer', name: 'Mia Sand' };
  const { room } = await order('903', { customer: { id: mia.sub, name: mia.name } });
  const page = await enter(mia, '/app/search');
  await page.locator('#rooms li').first().waitFor();
  let fails = true;
  await page.route('**/api/chat/rooms/**', (route) =>
    fails
      ? route.fulfill({
          status: 503,
          contentType: 'application/problem+json',
          body: '{"status":503}',
        })
      : route.continue(),
  );
  await page.goto(new URL(`/app/rooms/${room}`, page.url()).href);
  const list = page.locator('#rooms .empty');
  const main = page.locator('main .empty');
  for (const place of [list, main])
    await expect(place).toContainText('The server has a problem. Try again in a moment.');
  fails = false;
  await main.getByRole('button', { name: 'Retry' }).click();
  await settled(page);
  await list.getByRole('button', { name: 'Retry' }).click();
  await expect(page.locator(`#rooms [data-room="${room}"]`)).toBeVisible();

  await composer(page).fill('half a sentence');
  await kept(page, 'half a sentence');
  await server.revoke(mia);
  const signIn = page.getByRole('button', { name: 'Sign in' });
  await expect(page.getByRole('alert').filter({ hasText: 'You were signed out' })).toBeVisible();
  await signIn.click();
  // What was revoked was revoked up to that second.
  await expect(async () => {
    const isIn = (await page.locator('#rooms').count()) > 0;
    if (!isIn) await page.getByLabel('Token').fill(tokenOf(mia), { timeout: 1_000 });
    if (!isIn) await signIn.click({ timeout: 1_000 });
    await expect(page.locator('#rooms')).toBeVisible({ timeout: 2_000 });
  }).toPass({ timeout: 30_000 });
  await page.locator(`#rooms [data-room="${room}"]`).click();
  await settled(page);
  await expect(composer(page)).toHaveValue('half a sentence');
});

test('E3 I1: a token that is refused is told with the server’s reason, in its own words', async ({
  page,
  site,
}) => {
  const signed = tokenOf(aisha).split('.');
  const foreign = [...signed.slice(0, 2), 'A'.repeat(signed[2]!.length)].join('.');
  await page.addInitScript(() => {
    localStorage.setItem('orderchat.preferences', JSON.stringify({ language: 'de' }));
  });
  await page.goto(`${site.url}/app/`);
  const field = page.getByRole('textbox');
  const signIn = page.getByRole('button', { name: 'Anmelden' });
  const sentence = 'Dieses Token nimmt der Server nicht.';
  for (const [token, reason] of [
    ['nonsense', 'the token is no signed JWT: it has not three parts'],
    [foreign, "the token's signature does not fit"],
  ] as const) {
    await field.fill(token);
    await signIn.click();
    await expect(field).toHaveAccessibleDescription(`${sentence} ${reason}`);
    const words = page.getByText(reason);
    await expect(words).toHaveAttribute('lang', 'en');
    // Beneath the sentence.
    const [said, why] = [await page.getByText(sentence).boundingBox(), await words.boundingBox()];
    expect(why!.y).toBeGreaterThan(said!.y);
  }
  // What cannot even be sent is refused without one; no answer is not a refusal.
  await field.fill('ключ');
  await signIn.click();
  await expect(field).toHaveAccessibleDescription(sentence);
  await field.fill('nonsense');
  site.cut(true);
  await signIn.click();
  await expect(field).toHaveAccessibleDescription(/^Der Server ist nicht erreichbar\./);
  site.cut(false);
});

test('E3 L6 S2 T8: where the next page would stand it is said that it did not come, and Retry brings it', async ({
  enter,
  order,
  say,
  server,
}) => {
  const nora = { sub: 'nora', role: 'customer', name: 'Nora Sand' };
  const fields = { customer: { id: nora.sub, name: nora.name } };
  const first = await order('905', fields);
  await order('906', fields);
  await say(ravi, first.room, ...Array.from({ length: 90 }, (_, at) => `parcel ${at + 1}`));
  await server.ask(nora, 'POST', `/api/chat/rooms/${first.room}/read/`, {});
  let fails = true;
  const refused = {
    status: 503,
    contentType: 'application/problem+json',
    body: '{"status":503}',
  };
  const page = await enter(nora, '/app/', {}, async (page) => {
    // The list in pages of one.
    await page.route(/\/api\/chat\/rooms\/\?/, async (route) => {
      const url = new URL(route.request().url());
      if (url.searchParams.has('cursor') && fails) return route.fulfill(refused);
      url.searchParams.set('limit', '1');
      await route.fulfill({ response: await route.fetch({ url: url.href }) });
    });
    const later = (url: URL) =>
      url.searchParams.has('before') ||
      (url.pathname.includes('/search/') && url.searchParams.has('cursor'));
    await page.route(later, (route) => (fails ? route.fulfill(refused) : route.continue()));
  });
  const problem = 'The server has a problem. Try again in a moment.';
  const retried = async (place: Locator, then: () => Promise<void>) => {
    await expect(place.getByRole('alert')).toContainText(problem);
    fails = false;
    await place.getByRole('button', { name: 'Retry' }).click();
    await then();
    await expect(place.getByRole('alert')).toHaveCount(0);
    fails = true;
  };

  const rooms = page.locator('#rooms li');
  await expect(rooms).toHaveCount(1);
  await retried(page.locator('#rooms'), () => expect(rooms).toHaveCount(2));

  await page.goto(new URL(`/app/rooms/${first.room}`, page.url()).href);
  await settled(page);
  const log = page.getByRole('log');
  const toTop = () => log.evaluate((box) => (box.scrollTop = 0));
  await toTop();
  await retried(log, async () => {
    await expect(async () => {
      await toTop();
      await expect(log.getByText('parcel 1', { exact: true })).toBeVisible({ timeout: 500 });
    }).toPass();
  });

  await page.goto(new URL('/app/search?q=parcel', page.url()).href);
  const found = page.locator('.search');
  await expect(page.locator('.hit').first()).toBeVisible();
  const before = await page.locator('.hit').count();
  await found.getByRole('button', { name: 'Show more' }).click();
  await expect(page.locator('.hit')).toHaveCount(before);
  await retried(found, () => expect(page.locator('.hit')).not.toHaveCount(before));
});

test('E3: who cannot be told who they are can ask again, in the list and in a shop’s frame', async ({
  enter,
  order,
}) => {
  const { room, order: id } = await order('905');
  for (const path of ['/app/', `/embed?order=${id}`]) {
    const page = await enter(aisha, path, {}, (page) =>
      page.route('**/api/chat/me/', (route) => route.fulfill({ status: 503 })),
    );
    const place = page.locator('.empty').filter({ hasText: 'could not be loaded' });
    await expect(place).toContainText('The server has a problem. Try again in a moment.');
    await expect(page.locator('[data-skeleton]')).toHaveCount(0);
    await page.unroute('**/api/chat/me/');
    await place.getByRole('button', { name: 'Retry' }).click();
    const shown = path === '/app/' ? page.locator(`[data-room="${room}"]`) : page.getByRole('log');
    await expect(shown).toBeVisible();
  }
});

test('E3: a frame of an order that cannot be looked for says so', async ({ enter, order }) => {
  const { order: id } = await order('906');
  const page = await enter(aisha, `/embed?order=${id}`, {}, (page) =>
    page.route('**/api/chat/rooms/?*', (route) => route.abort()),
  );
  await expect(page.locator('.empty')).toContainText('The server cannot be reached.');
  await page.unroute('**/api/chat/rooms/?*');
  await page.getByRole('button', { name: 'Retry' }).click();
  await settled(page);
});

test('E4: one message that cannot be shown takes nothing else down', async ({
  enter,
  order,
  say,
}) => {
  const { room } = await order();
  await say(ravi, room, 'before it', 'the broken one', 'after it');
  const page = await enter(aisha, '/app/');
  await page.route('**/api/chat/rooms/*/messages/**', async (route) => {
    const response = await route.fetch();
    const json = (await response.json()) as {
      results?: { content: string; sender_name: unknown }[];
    };
    for (const one of json.results ?? [])
      if (one.content === 'the broken one') one.sender_name = 42;
    await route.fulfill({ response, json });
  });
  await page.goto(new URL(`/app/rooms/${room}`, page.url()).href);
  await settled(page);
  await expect(page.getByText('This part could not be shown.')).toBeVisible();
  await expect(message(page, 'before it')).toBeVisible();
  await expect(message(page, 'after it')).toBeVisible();
  await composer(page).fill('still here');
  await composer(page).press('Enter');
  await expect(message(page, 'still here')).toBeVisible();
});

test('O5 C3: a new version is offered; the reload keeps draft and place', async ({
  open,
  order,
  site,
}) => {
  const { room } = await order();
  const page = await open(aisha, room);
  await composer(page).fill('not sent yet');
  await expect(page.locator(`[data-room="${room}"]`)).toContainText('Draft: not sent yet');
  await kept(page, 'not sent yet');
  await page.route('**/app/config.json', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), version: '99.0.0' } });
  });
  site.cut(true);
  await expect(page.locator('[data-offline]')).toBeVisible();
  site.cut(false);
  const toast = page.locator('.toasts li').filter({ hasText: 'A new version is there.' });
  await expect(toast).toBeVisible({ timeout: 20_000 });
  const loaded = page.waitForEvent('load');
  await toast.getByRole('button', { name: 'Reload' }).click();
  await loaded;
  await settled(page);
  await expect(page).toHaveURL(new RegExp(room));
  await expect(composer(page)).toHaveValue('not sent yet');
});
