// Where things stand, and that they fit.
import type { FrameLocator } from '@playwright/test';
import {
  admin,
  aisha,
  composer,
  expect,
  mei,
  message,
  type Page,
  ravi,
  settled,
  test,
} from './fixtures.js';
import { cut, wide } from './looks.js';

const row = (page: Page, room: string) => page.locator(`#rooms [data-room="${room}"]`);

test('L1 @both: nothing is wider than the window, and no pane lies on another', async ({
  chat,
}) => {
  const { page } = await chat({
    said: ['w'.repeat(400), 'https://long.example/' + 'x'.repeat(300)],
    rest: '?pane=order',
  });
  await page.locator('aside ol').waitFor();
  for (const width of [320, 390, 768, 1024, 1280, 1920]) {
    await page.setViewportSize({ width, height: 800 });
    expect({ width, over: await wide(page) }).toEqual({ width, over: [] });
    // The page hears of its new width a moment after it has it.
    await expect(async () => {
      const edges = await page.evaluate(() =>
        ['.side', '.conversation > main', 'aside'].map((pane) => {
          const { left, right } = document.querySelector(pane)!.getBoundingClientRect();
          return [Math.round(left), Math.round(right)];
        }),
      );
      // The third one has its own place from 1100 px on; below it lies over the conversation.
      const beside = width >= 1104 ? edges : width >= 736 ? edges.slice(0, 2) : [];
      for (const [at, [left]] of beside.entries())
        if (at > 0) expect({ width, left }).toEqual({ width, left: beside[at - 1]![1] });
    }).toPass({ timeout: 5_000 });
  }
});

test('L2 @phone: a room is a step; back returns to the list where it was', async ({
  enter,
  order,
}) => {
  for (let count = 0; count < 14; count += 1) await order(`20${count}`);
  const page = await enter(aisha, '/app/');
  const list = page.locator('#rooms li a');
  await expect(list.nth(13)).toBeAttached();
  await list.nth(12).scrollIntoViewIfNeeded();
  const before = await list.nth(12).boundingBox();
  await list.nth(12).tap();
  await settled(page);
  await expect(page).toHaveURL(/rooms/);
  // A4: on a phone a room that is opened has the focus on its heading: no keyboard jumps up.
  await expect(page.locator('.conversation h1')).toBeFocused();
  await page.goBack();
  await expect(list.nth(12)).toBeVisible();
  const after = await list.nth(12).boundingBox();
  expect(Math.abs(after!.y - before!.y)).toBeLessThan(2);
});

test('L3 T14: an address of a message opens there and lights it; a quote leads to its source and back', async ({
  enter,
  order,
  say,
  server,
}) => {
  const { room } = await order();
  await say(ravi, room, ...Array.from({ length: 120 }, (_, at) => `number ${at + 1}.`));
  const path = `/api/chat/rooms/${room}/messages/`;
  const { results } = await server.ask<{ results: { id: string; content: string }[] }>(
    admin,
    'GET',
    `${path}?after=0&limit=20&type=text`,
  );
  const source = results.find(({ content }) => content === 'number 8.')!;
  await server.ask(ravi, 'POST', path, { content: 'As I said.', reply_to: source.id });
  await server.ask(aisha, 'POST', `/api/chat/rooms/${room}/read/`, {});

  const page = await enter(aisha, `/app/rooms/${room}/m/${source.id}`);
  const target = page.locator(`article[data-message="${source.id}"]`);
  await expect(target).toBeInViewport();
  await expect(target).toHaveClass(/\blit\b/);
  await expect(target).not.toHaveClass(/\blit\b/, { timeout: 4_000 });

  await page.goto(page.url().replace(/\/m\/.*/, ''));
  await settled(page);
  const reply = message(page, 'As I said.');
  await expect(reply).toBeInViewport();
  await expect(target).toHaveCount(0);
  await reply.getByRole('button', { name: /number 8\./ }).click();
  await expect(target).toBeInViewport();
  await expect(target).toHaveClass(/\blit\b/);
  await page.getByRole('button', { name: 'Back', exact: true }).last().click();
  await expect(reply).toBeInViewport();
});

/** How much of the window's height the messages have. */
const share = (of: Page | FrameLocator, page: Page) =>
  of
    .getByRole('log')
    .evaluate((log) => log.clientHeight)
    .then((height) => height / page.viewportSize()!.height);

test('L4 @phone: with the keyboard up, composer and last message stay in view', async ({
  open,
  order,
  say,
}) => {
  const { room } = await order();
  await say(ravi, room, ...Array.from({ length: 30 }, (_, at) => `line ${at + 1}`));
  const page = await open(aisha, room);
  await page.getByRole('log').evaluate((log) => (log.scrollTop = log.scrollHeight));
  await composer(page).tap();
  await expect(page.getByRole('list', { name: 'Quick replies' })).toBeVisible();
  await page.setViewportSize({ width: 390, height: 400 });
  // The order's line gives way.
  expect(await share(page, page)).toBeGreaterThan(0.45);
  await expect
    .poll(async () => {
      const box = (await page.locator('form.composer .box').boundingBox())!;
      const last = (await message(page, 'line 30').boundingBox())!;
      const log = (await page.getByRole('log').boundingBox())!;
      return {
        composer: box.y >= 0 && box.y + box.height <= 400,
        last: last.y >= log.y && last.y + last.height <= log.y + log.height + 1,
      };
    })
    .toEqual({ composer: true, last: true });
});

test('L4 C8 @both: beside the order’s line and the quick replies, messages have most of the window', async ({
  chat,
}, info) => {
  const { page } = await chat({ said: ['Are you in?'] });
  await expect(page.getByRole('list', { name: 'Quick replies' })).toBeVisible();
  const strip = page.getByRole('button', { name: /^Order: / });
  await expect(strip).toBeVisible();
  const phone = info.project.name === 'phone';
  expect(await share(page, page)).toBeGreaterThan(phone ? 0.65 : 0.55);
  // One line, of a finger's height, which opens the whole.
  if (phone) expect((await strip.boundingBox())!.height).toBeLessThan(48);
  await strip.click();
  await expect(page.getByRole('complementary', { name: 'Order' })).toBeVisible();
});

test('L4 @both: in the demo, with all its controls, messages have 45 % of the window', async ({
  demo,
  page,
}, info) => {
  await page.goto(`${demo.url}/?order=${demo.order.order}`);
  const inside = page.frameLocator('iframe').first();
  await inside.locator('[role=log][data-settled="true"]').waitFor();
  await expect(inside.getByRole('list', { name: 'Quick replies' })).toBeVisible();
  expect(await share(inside, page)).toBeGreaterThan(0.45);
  // Nobody is out of sight.
  const people = page.getByRole('group', { name: 'Step in as' });
  if (info.project.name === 'desktop')
    expect(await people.evaluate((row) => row.scrollWidth - row.clientWidth)).toBe(0);
});

test('V1 @both: in the demo, a note lies on no control and on no view', async ({ demo, page }) => {
  // Where it comes to rest.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  // The order is others', too: it stays as it is.
  await page.route('**/api/demo/orders/*/next/', (route) =>
    route.fulfill({ json: { status: 'ready_for_pickup', rider: null } }),
  );
  await page.route('**/api/demo/orders/*/hand-over/', (route) =>
    route.fulfill({ status: 409, json: { detail: 'there is nobody else to hand it over to now' } }),
  );
  await page.goto(`${demo.url}/?order=${demo.order.order}`);
  for (const language of ['en', 'de', 'ar']) {
    await page.evaluate((wanted) => {
      localStorage.setItem('orderchat.preferences', JSON.stringify({ language: wanted }));
    }, language);
    await page.reload();
    await page.locator('iframe').first().waitFor();
    for (const [at, kind] of ['ok', 'error'].entries()) {
      await page.locator('.shop button').nth(at).click();
      // The newest one is what was just done.
      const note = page.locator('.toasts li').filter({ visible: true });
      await expect(note).toHaveClass(new RegExp(`\\b${kind}\\b`));
      await expect(note).toBeInViewport({ ratio: 1 });
      const covered = await note.evaluate((one) => {
        const lies = one.getBoundingClientRect();
        return [...document.querySelectorAll('button, select, a, iframe')]
          .filter((other) => !one.contains(other) && other.checkVisibility())
          .filter((other) => {
            const { left, right, top, bottom } = other.getBoundingClientRect();
            return left < lies.right && right > lies.left && top < lies.bottom && bottom > lies.top;
          })
          .map((other) => other.ariaLabel ?? (other.textContent || other.tagName));
      });
      expect({ language, kind, covered }).toEqual({ language, kind, covered: [] });
    }
  }
});

test('L1: in a frame, list and conversation stand side by side from 1024 px on', async ({
  demo,
  page,
}) => {
  await page.goto(`${demo.url}/?order=${demo.order.order}`);
  const people = page.getByRole('group', { name: 'Step in as' });
  for (let open = 2; open > 0; open -= 1)
    await people.locator('[aria-pressed=true]').first().click();
  await people.getByRole('button', { name: /Support$/ }).click();
  const inside = page.frameLocator('iframe');
  await inside.locator('[role=log][data-settled="true"]').waitFor();
  for (const [width, isBeside] of [
    [1023, false],
    [1024, true],
  ] as const) {
    const now = (await page.locator('iframe').boundingBox())!.width;
    await page.setViewportSize({ width: page.viewportSize()!.width + width - now, height: 800 });
    await expect(inside.locator('#rooms')).toBeVisible({ visible: isBeside });
    await expect(inside.getByRole('log')).toBeVisible();
  }
});

test('T7 T12 @phone: the way to the end never lies on the button of an order’s card', async ({
  order,
  open,
  say,
  server,
}) => {
  const made = await order('611');
  const lines = Array.from({ length: 12 }, (_, at) => `line ${at + 1}`);
  await say(ravi, made.room, ...lines);
  await server.report(made.order, { number: '611', status: 'preparing' });
  await say(ravi, made.room, ...lines, ...lines);
  // Read, so that it opens at the end.
  await server.ask(aisha, 'POST', `/api/chat/rooms/${made.room}/read/`, {});
  const page = await open(aisha, made.room);
  const track = page.getByRole('button', { name: 'Track' });
  const jump = page.locator('.jump.latest');
  await expect(async () => {
    await page.getByRole('log').evaluate((log) => (log.scrollTop -= 200));
    await expect(track).toBeAttached({ timeout: 200 });
  }).toPass();
  // On one height, as they are when the card is the last one in view; what is above it may find its height late.
  await expect(async () => {
    await track.evaluate((one) => one.scrollIntoView({ block: 'end' }));
    await expect(jump).toBeVisible({ timeout: 200 });
    const [card, end] = [(await track.boundingBox())!, (await jump.boundingBox())!];
    expect(Math.abs(card.y + card.height / 2 - (end.y + end.height / 2))).toBeLessThan(44);
    expect(card.x + card.width).toBeLessThanOrEqual(end.x);
  }).toPass();
  await track.tap();
  await expect(page.getByRole('complementary', { name: 'Order' })).toBeVisible();
});

/** What can be tapped and is smaller than this; links within a sentence may be. */
const small = (page: Page, least: number) =>
  page.evaluate((size) => {
    const all = document.querySelectorAll<HTMLElement>(
      'button, a[href], input, select, textarea, [role=tab], [role=option]',
    );
    return [...all]
      .filter((one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
      .filter((one) => !one.closest('.visually-hidden, .rich, .skips'))
      .map((one) => one.closest('label') ?? one)
      .map((one) => ({ one, box: one.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0 && (box.width < size - 0.5 || box.height < size - 0.5))
      .map(({ one, box }) => {
        const name = one.getAttribute('aria-label') ?? one.textContent?.trim().slice(0, 24);
        return `${one.className} "${name}" ${Math.round(box.width)}×${Math.round(box.height)}`;
      });
  }, least);

test('L5 @both: what is tapped is large enough: 44 px for a finger, 24 for a mouse', async ({
  open,
  order,
  say,
  server,
}, info) => {
  const least = info.project.name === 'phone' ? 44 : 24;
  const { room } = await order();
  const path = `/api/chat/rooms/${room}/messages/`;
  const first = await server.ask<{ id: string }>(ravi, 'POST', path, { content: 'Ring?' });
  await server.ask(aisha, 'POST', path, { content: 'Twice.', reply_to: first.id });
  await say(ravi, room, 'Fine.');
  const page = await open(admin, room);
  const found: Record<string, string[]> = {};
  const look = async (name: string) => {
    const all = await small(page, least);
    if (all.length > 0) found[name] = all;
  };
  await look('conversation');
  await message(page, 'Fine.').focus();
  await page.keyboard.press('r');
  await look('reply');
  await message(page, 'Fine.').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem').first().waitFor();
  await look('menu');
  await page.keyboard.press('Escape');
  for (const pane of ['order', 'people', 'timeline', 'search', 'thread']) {
    const at = pane === 'thread' ? `/thread/${first.id}` : `?pane=${pane}`;
    await page.goto(new URL(`/app/rooms/${room}${at}`, page.url()).href);
    await page.locator('aside').waitFor();
    await settled(page);
    await look(pane);
  }
  await page.goto(new URL('/app/', page.url()).href);
  await page.locator('#rooms li').first().waitFor();
  await look('list');
  await page.keyboard.press('?');
  await page.locator('dialog[open]').waitFor();
  await look('dialog');
  expect(found).toEqual({});
});

test('L6: a row says what the chat is, who is in it, what was said last, and moves up with news', async ({
  enter,
  order,
  say,
  server,
}) => {
  const other = await order('502');
  const { order: id, room } = await order('501');
  await say(ravi, other.room, 'Am I first?');
  const page = await enter(aisha, '/app/');
  await expect(row(page, room)).toContainText('501');
  await expect(row(page, room).locator('bdi')).toHaveText('Ravi, Mei');
  await expect(row(page, other.room)).toContainText('Ravi: Am I first?');
  await expect(row(page, other.room).locator('time')).toHaveText(/\d+:\d\d/);
  await expect(row(page, other.room)).toContainText('1 unread message');

  const first = page.locator('#rooms li a').first();
  await expect(first).toHaveAttribute('data-room', other.room);
  await first.focus();
  await say(ravi, room, 'No, this one is.');
  await expect(first).toHaveAttribute('data-room', room);
  await expect(row(page, other.room)).toBeFocused();

  const sam = { id: 'sam', name: 'Sam Okafor' };
  await server.report(id, { number: '501', status: 'preparing', rider: sam });
  await expect(row(page, room).locator('bdi')).toHaveText('Sam, Mei');
  await server.ask(mei, 'POST', `/api/chat/rooms/${room}/close/`, {});
  await expect(row(page, room)).toContainText('Closed');
});

test('L6: hundreds of rooms: only those that are looked at are asked for, two at a time', async ({
  enter,
  order,
}) => {
  for (let count = 0; count < 60; count += 1) await order(`7${count}`);
  const page = await enter(admin, '/app/');
  const rows = page.locator('#rooms li');
  let [asked, now, most] = [0, 0, 0];
  const isOne = (url: string) => url.includes('/participants/');
  page.on('request', (request) => {
    if (!isOne(request.url())) return;
    asked += 1;
    most = Math.max(most, (now += 1));
  });
  for (const end of ['requestfinished', 'requestfailed'] as const)
    page.on(end as 'requestfinished', (request) => void (isOne(request.url()) && (now -= 1)));
  await page.reload();
  await expect(rows.first().locator('bdi')).toContainText('Ravi Menon');
  const list = page.locator('#rooms .list');
  const fit = await list.evaluate(
    (box) => Math.ceil(box.clientHeight / box.querySelector('li')!.clientHeight) + 1,
  );
  // Rushing by asks for nothing; what is rested at is asked for.
  await list.evaluate(async (box) => {
    while (box.scrollTop < box.scrollHeight - box.clientHeight - 1) {
      box.scrollTop += 400;
      await new Promise(requestAnimationFrame);
    }
  });
  const lowest = await list.evaluate((box) => {
    const edge = box.getBoundingClientRect().bottom;
    const seen = [...box.querySelectorAll('li')].findLast(
      (one) => one.getBoundingClientRect().bottom <= edge,
    );
    return seen!.querySelector<HTMLElement>('[data-room]')!.dataset.room!;
  });
  await expect(row(page, lowest).locator('bdi')).not.toBeEmpty();
  expect(most).toBeLessThanOrEqual(2);
  expect(asked).toBeLessThanOrEqual(3 * fit);
});

test('L7: at 200 % and with wider text nothing is cut off', async ({ enter, order, say }) => {
  const { room } = await order();
  await say(ravi, room, 'Is there a *bell*, or shall I call you when I am there?');
  const page = await enter(aisha, `/app/rooms/${room}`, {
    viewport: { width: 640, height: 400 },
    deviceScaleFactor: 2,
  });
  const found: Record<string, unknown> = {};
  for (const at of [
    '/app/',
    `/app/rooms/${room}`,
    `/app/rooms/${room}?pane=people`,
    '/app/search',
  ]) {
    await page.goto(new URL(at, page.url()).href);
    await page.locator('#rooms li').first().waitFor({ state: 'attached' });
    if (at.includes('rooms')) await settled(page);
    for (const wider of [false, true]) {
      await page.evaluate((isWider) => {
        const sheet = new CSSStyleSheet();
        // WCAG 1.4.12.
        if (isWider)
          sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
            word-spacing: 0.16em !important; } p { margin-block-end: 2em !important; }`);
        document.adoptedStyleSheets = [sheet];
      }, wider);
      const all = [...(await wide(page)), ...(await cut(page))];
      if (all.length > 0) found[`${at}${wider ? ', wider' : ''}`] = all;
    }
  }
  expect(found).toEqual({});
});

test('L8 C10: muted, closed, archived, blocked: each says so in place of the composer', async ({
  chat,
  order,
  server,
}) => {
  const { room, page } = await chat({ number: '601' });
  const people = await server.ask<{ results: { id: string; user: string }[] }>(
    mei,
    'GET',
    `/api/chat/rooms/${room}/participants/`,
  );
  const hers = `/api/chat/participants/${people.results.find(({ user }) => user === 'aisha')!.id}`;
  await expect(composer(page)).toBeVisible();
  await server.ask(mei, 'POST', `${hers}/mute/`, { reason: 'capital letters' });
  await expect(page.locator('#writing')).toContainText(/cannot write.*muted/i);
  await expect(composer(page)).toHaveCount(0);
  await server.ask(mei, 'POST', `${hers}/unmute/`, {});
  await expect(composer(page)).toBeVisible();

  await server.ask(mei, 'POST', `/api/chat/rooms/${room}/close/`, { reason: 'delivered' });
  await expect(page.locator('[data-closed]')).toContainText(/Mei.*closed this chat.*delivered/s);
  await expect(composer(page)).toHaveCount(0);
  await server.ask(admin, 'POST', `/api/chat/rooms/${room}/archive/`, {});
  await expect(page.locator('[data-closed]')).toContainText(/archived/);
  // Archived ones have a place of their own in the list.
  await expect(row(page, room)).toHaveCount(0);
  await page.getByLabel('State').selectOption('archived');
  await expect(row(page, room)).toBeVisible();

  const second = await order('602');
  await page.goto(new URL(`/app/rooms/${second.room}`, page.url()).href);
  await settled(page);
  const there = await server.ask<{ results: { id: string; user: string }[] }>(
    mei,
    'GET',
    `/api/chat/rooms/${second.room}/participants/`,
  );
  const id = there.results.find(({ user }) => user === 'aisha')!.id;
  // What is said once the page is there comes by its connection: the block will, too.
  await expect(composer(page)).toBeVisible();
  const said = { content: 'One more time.' };
  await server.ask(mei, 'POST', `/api/chat/rooms/${second.room}/messages/`, said);
  await expect(page.locator('main')).toContainText(said.content);
  await server.ask(admin, 'POST', `/api/chat/participants/${id}/block/`, { reason: 'threats' });
  await expect(page.locator('main')).toContainText('You are no longer in this chat.');
});
