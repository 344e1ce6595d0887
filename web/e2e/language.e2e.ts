// Languages, times, colours: as the reader has them.
import { cut, wide } from './looks.js';
import { pseudo } from './pseudo.js';
import { aisha, composer, expect, message, type Page, ravi, settled, test } from './fixtures.js';

test('I1: in Arabic the pages run from the right; numbers and names keep their own way', async ({
  enter,
  order,
  say,
}) => {
  const { room } = await order();
  await say(ravi, room, 'الطلب #1042 عند الباب', 'Call +49 170 1234567');
  const page = await enter(aisha, `/app/rooms/${room}?pane=order`, { locale: 'ar-EG' });
  await settled(page);
  await page.locator('aside').waitFor();
  await expect(page.locator('html')).toHaveAttribute('lang', 'ar');
  await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
  const left = async (pane: string) => (await page.locator(pane).boundingBox())!.x;
  expect(await left('.side')).toBeGreaterThan(await left('.conversation > main'));
  expect(await left('.conversation > main')).toBeGreaterThan(await left('aside'));
  // A title of another script begins where the line below it does: at the right.
  await expect(page.locator('.header h1')).toHaveCSS('text-align', 'right');
  await expect(page.locator(`#rooms [data-room="${room}"] .title`)).toHaveCSS(
    'text-align',
    'right',
  );
  await expect(composer(page)).toHaveCSS('direction', 'rtl');
  // What points somewhere is turned around.
  await expect(page.locator('form.composer .send svg')).toHaveCSS('scale', '-1 1');
  const texts = page.getByRole('log').locator('.rich');
  await expect(texts.filter({ hasText: '1042' }).locator('bdi')).toHaveText('#1042');
  await expect(texts.filter({ hasText: 'Call' })).toHaveCSS('direction', 'ltr');
  await expect(page.locator(`#rooms [data-room="${room}"] bdi`)).toContainText('Ravi');
  expect(await wide(page)).toEqual([]);
});

test('I2: times are of the reader’s zone and clock, and a wrong clock sorts as a right one', async ({
  enter,
  open,
  order,
  server,
}) => {
  const { room } = await order();
  const { timestamp } = await server.ask<{ timestamp: string }>(
    ravi,
    'POST',
    `/api/chat/rooms/${room}/messages/`,
    { content: 'At the door' },
  );
  const at = new Date(timestamp);
  for (const [locale, timezoneId] of [
    ['en-US', 'America/New_York'],
    ['de-DE', 'Asia/Kolkata'],
  ] as const) {
    const page = await enter(aisha, `/app/rooms/${room}`, { locale, timezoneId });
    await settled(page);
    const time = message(page, 'At the door').locator('time').last();
    const written = (options: Intl.DateTimeFormatOptions) =>
      new Intl.DateTimeFormat(locale, { timeZone: timezoneId, ...options }).format(at);
    const space = (text: string | null) => text?.replace(/\s/gu, ' ');
    expect(space(await time.textContent())).toBe(space(written({ timeStyle: 'short' })));
    expect(space(await time.getAttribute('title'))).toBe(
      space(written({ dateStyle: 'full', timeStyle: 'short' })),
    );
    await expect(time).toHaveAttribute('datetime', timestamp);
  }

  const ahead = await enter(aisha, `/app/rooms/${room}`, {}, (page) =>
    page.clock.install({ time: Date.now() + 10 * 60_000 }),
  );
  await settled(ahead);
  await composer(ahead).fill('I am ten minutes ahead');
  await composer(ahead).press('Enter');
  // On its way it already has the server's time.
  const own = message(ahead, 'I am ten minutes ahead').locator('time').first();
  const shift = Date.parse((await own.getAttribute('datetime'))!) - Date.now();
  expect(Math.abs(shift)).toBeLessThan(60_000);
  const his = await open(ravi, room);
  await composer(his).fill('And I am not');
  await composer(his).press('Enter');
  await expect(message(ahead, 'And I am not')).toBeVisible();
  const texts = await ahead.getByRole('log').locator('.rich').allTextContents();
  expect(texts.map((text) => text.trim())).toEqual([
    'At the door',
    'I am ten minutes ahead',
    'And I am not',
  ]);
});

test('I3: two fifths more text break nothing at 320 px', async ({ enter, order, say }) => {
  const { room } = await order();
  await say(ravi, room, 'Hello');
  const long = async (page: Page) => {
    // The English texts, made longer where they are served; nothing of this is in the pages.
    await page.route(/\/assets\/en-[^/]*\.js$/, async (route) => {
      const response = await route.fetch();
      const code = await response.text();
      const [, name] = /export\s*\{\s*(\w+) as en\s*\}/.exec(code)!;
      const body = `${code}
        const pseudo = ${pseudo.toString()};
        for (const [key, text] of Object.entries(${name}))
          ${name}[key] = typeof text === 'string' ? pseudo(text)
            : Object.fromEntries(Object.entries(text).map(([rule, one]) => [rule, pseudo(one)]));`;
      await route.fulfill({ response, body });
    });
  };
  const page = await enter(aisha, '/app/', { viewport: { width: 320, height: 640 } }, long);
  const found: Record<string, string[]> = {};
  const at = (path: string) => page.goto(new URL(path, page.url()).href);
  const look = async (name: string) => {
    const all = [...(await wide(page)), ...(await cut(page))];
    if (all.length > 0) found[name] = all;
  };
  await page.locator('#rooms li').first().waitFor();
  await expect(page.getByRole('heading', { level: 1 })).toContainText(pseudo('Chats'));
  await look('list');
  await page.keyboard.press('?');
  await page.locator('dialog[open]').waitFor();
  await look('keys');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: pseudo('Your menu') }).click();
  await look('own menu');
  await page.getByRole('menuitem', { name: pseudo('Settings') }).click();
  await page.locator('dialog[open]').waitFor();
  await look('settings');
  for (const pane of ['', '?pane=order', '?pane=people', '?pane=timeline', '?pane=search']) {
    await at(`/app/rooms/${room}${pane}`);
    await settled(page);
    if (pane) await page.locator('aside').waitFor();
    await look(`conversation${pane}`);
  }
  expect(found).toEqual({});
});

test('V1: light, dark, or as the system; the chosen one from the first picture on', async ({
  open,
  order,
}) => {
  const { room } = await order();
  const page = await open(aisha, room);
  const paper = () =>
    page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const [light, dark] = ['rgb(245, 243, 239)', 'rgb(18, 18, 15)'];
  expect(await paper()).toBe(light);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await paper()).toBe(dark);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.getByRole('button', { name: 'Your menu' }).click();
  await page.getByRole('menuitem', { name: 'Settings' }).click();
  await page.getByRole('dialog').getByText('Dark', { exact: true }).click();
  expect(await paper()).toBe(dark);
  // Before anything of the page has run or was drawn, it has the colours of the one that was chosen.
  await page.addInitScript(() => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    new MutationObserver(() => {
      if (!document.body) return;
      const paper = getComputedStyle(document.documentElement).colorScheme;
      if (seen.at(-1) !== paper) seen.push(paper);
    }).observe(document, { childList: true, subtree: true });
  });
  await page.reload();
  await settled(page);
  expect(await paper()).toBe(dark);
  const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
  expect(seen.filter((one) => one !== 'normal')).toEqual(['dark']);
});
