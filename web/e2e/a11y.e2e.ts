// For who does not see, does not use a mouse, or is made dizzy.
import AxeBuilder from '@axe-core/playwright';
import { enter as stateIn, sizes, states } from '../tools/states.mjs';
import {
  aisha,
  composer,
  expect,
  mei,
  message,
  type Page,
  PHONE,
  ravi,
  settled,
  test,
} from './fixtures.js';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Buttons without a name, pictures without words, times that a machine cannot read. */
const nameless = (page: Page) =>
  page.evaluate(() => {
    const of = (one: Element) =>
      one.getAttribute('aria-label') ?? one.textContent?.trim() ?? one.getAttribute('title');
    const buttons = [...document.querySelectorAll('button, a[href]')].filter((one) => !of(one));
    const rest = document.querySelectorAll('img:not([alt]), time:not([datetime])');
    return [...buttons, ...rest].map((one) => one.outerHTML.slice(0, 120));
  });

/** The open page gets a phone's window, density and finger. */
async function becomesPhone(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  const { viewport, deviceScaleFactor, isMobile: mobile } = PHONE;
  await devtools.send('Emulation.setTouchEmulationEnabled', { enabled: true });
  const metrics = { ...viewport, deviceScaleFactor, mobile };
  await devtools.send('Emulation.setDeviceMetricsOverride', metrics);
  const isPhone = `(pointer: coarse) and (width: ${viewport.width}px)`;
  expect(await page.evaluate((query) => matchMedia(query).matches, isPhone)).toBe(true);
}

async function look(page: Page, theme: 'light' | 'dark'): Promise<string[]> {
  // Of what is well nothing is told; frames are of the same origin, where there are any.
  const axe = new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).setLegacyMode();
  // A theme changes colours and nothing else.
  if (theme === 'light') axe.withTags(TAGS);
  else axe.withRules(['color-contrast', 'link-in-text-block']);
  const found = await axe.analyze();
  return found.violations.map(
    ({ id, nodes }) => `${theme}, ${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
  );
}

/** What a second look finds, too: while a list moves, rows are hidden for a moment in the midst of the first. */
async function violations(page: Page, theme: 'light' | 'dark'): Promise<string[]> {
  await page.emulateMedia({ colorScheme: theme });
  const first = await look(page, theme);
  return first.length > 0 ? await look(page, theme) : first;
}

for (const state of states)
  test(`A1 A5 A7: no violation in the state ${state.name}, large or small, light or dark`, async ({
    browser,
    demo,
    contextOptions,
  }) => {
    const context = await browser.newContext({
      ...contextOptions,
      viewport: sizes.desktop!,
      locale: 'en-GB',
      // What fades in has its colours at once.
      reducedMotion: 'reduce',
    });
    const troubles: string[] = [];
    context.on('weberror', (error) => troubles.push(error.error().message));
    context.on('console', (line) => {
      if (/Content.Security.Policy|Trusted/.test(line.text())) troubles.push(line.text());
    });
    // Opened once: size and theme change on the open page.
    const page = await stateIn(context, demo.url, state, demo.order);
    const all = async () => [
      ...(await violations(page, 'light')),
      ...(await violations(page, 'dark')),
      ...(await nameless(page)),
    ];
    const large = await all();
    await becomesPhone(page);
    await expect(page.locator(state.shows).first()).toBeVisible();
    const small = await all();
    await context.close();
    expect({ large, small, troubles }).toEqual({ large: [], small: [], troubles: [] });
  });

test('A1 A5: no violation in the list of quick replies, in a note, and where a picture is not there', async ({
  chat,
}) => {
  // Not Mei: whoever asks for her presence later would find her here.
  const may = { ...mei, sub: 'may', name: 'May Li' };
  const { page } = await chat({ as: may });
  const found: Record<string, string[]> = {};
  const all = async (what: string) => {
    found[what] = [...(await violations(page, 'light')), ...(await violations(page, 'dark'))];
  };
  await composer(page).fill('/');
  await page.getByRole('listbox').waitFor();
  await all('quick replies');
  await composer(page).fill('');

  const png =
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  await page
    .locator('[data-picker]')
    .first()
    .setInputFiles([
      { name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('ring twice') },
      { name: 'door.png', mimeType: 'image/png', buffer: Buffer.from(png, 'base64') },
    ]);
  await composer(page).press('Enter');
  await page.route('**/attachments/*/url/', (route) => route.abort());
  await page.getByRole('button', { name: 'Download note.txt' }).click();
  await page.locator('.toasts li').waitFor();
  await all('a note');
  await page.locator('.thumb:enabled').click();
  await page.locator('dialog[open]').getByRole('alert').waitFor();
  await all('no picture');
  expect(found).toEqual({ 'quick replies': [], 'a note': [], 'no picture': [] });
});

/** What is chosen while a page opens: a sheet for a menu, one pane for two, what a finger needs. */
const OPENED_SMALL = ['conversation', 'message-menu', 'order', 'dialog'];

for (const state of states.filter(({ name }) => OPENED_SMALL.includes(name)))
  test(`A1 A7: no violation in the state ${state.name}, opened on a phone`, async ({
    browser,
    demo,
    contextOptions,
  }) => {
    const phone = {
      ...contextOptions,
      ...PHONE,
      locale: 'en-GB',
      reducedMotion: 'reduce' as const,
    };
    const context = await browser.newContext(phone);
    const page = await stateIn(context, demo.url, state, demo.order);
    const found = [...(await violations(page, 'light')), ...(await nameless(page))];
    await context.close();
    expect(found).toEqual([]);
  });

test('A2 A3: landmarks, one heading, skip links, and news by a voice of their own', async ({
  chat,
  say,
}) => {
  const { room, page } = await chat({ rest: '?pane=order' });
  await page.locator('aside').waitFor();
  for (const landmark of [
    page.getByRole('banner'),
    page.getByRole('navigation', { name: 'Chats' }),
    page.getByRole('main'),
    page.getByRole('complementary', { name: 'Order' }),
    page.getByRole('heading', { level: 1 }),
  ])
    await expect(landmark).toHaveCount(1);
  // As after loading, before anything has the focus.
  await page.evaluate(() => {
    const start = document.createElement('button');
    document.body.prepend(start);
    start.focus();
    start.remove();
  });
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to writing' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(composer(page)).toBeFocused();

  // The timeline keeps quiet; what is new is told apart from it, of this room, once it is gathered.
  await expect(page.getByRole('log')).toHaveAttribute('aria-live', 'off');
  const outlet = page.locator('[data-outlet=polite]');
  await expect(outlet).toHaveAttribute('aria-live', 'polite');
  await say(ravi, room, 'I ring now.', 'Second floor?');
  await expect(outlet).toContainText(/New message from Ravi: I ring now\..*Second floor\?/);
});

/** Nothing is ever done that leaves nobody with the focus. */
const isLost = (page: Page) => page.evaluate(() => document.activeElement === document.body);

test('A4: the focus goes where one writes, into what opens and back to what opened it', async ({
  enter,
  order,
  say,
}) => {
  const { room } = await order();
  await say(ravi, room, 'Which bell?');
  const page = await enter(aisha, '/app/');
  await page.locator(`#rooms [data-room="${room}"]`).click();
  await settled(page);
  await expect(composer(page)).toBeFocused();

  const search = page.getByRole('button', { name: 'Search in this chat' });
  const details = page.getByRole('button', { name: 'Order and people' });
  const menu = page.getByRole('button', { name: 'What to do with this chat' });
  const mine = page.getByRole('button', { name: 'Your menu' });
  const bubble = message(page, 'Which bell?');
  const layers: [string, () => Promise<void>, () => ReturnType<Page['locator']>][] = [
    ['menu', () => menu.press('Enter'), () => menu],
    ['own menu', () => mine.press('Enter'), () => mine],
    ['search', () => search.press('Enter'), () => search],
    ['details', () => details.press('Enter'), () => details],
    ['message menu', () => bubble.press('Enter'), () => bubble],
  ];
  for (const [name, open, opener] of layers) {
    await opener().focus();
    await open();
    const layer = page.locator(name.includes('menu') ? ':popover-open' : 'aside');
    await expect(layer, name).toBeVisible();
    expect(await isLost(page), name).toBe(false);
    await page.keyboard.press('Escape');
    await expect(layer, name).toHaveCount(0);
    await expect(opener(), name).toBeFocused();
  }
  // A dialog that a menu opened gives the focus back to what the menu stood at.
  await mine.press('Enter');
  await page.getByRole('menuitem', { name: 'Settings' }).press('Enter');
  await expect(page.getByRole('dialog')).toBeVisible();
  expect(await isLost(page)).toBe(false);
  await page.keyboard.press('Escape');
  await expect(mine).toBeFocused();
});

test('A5 A6: the focus is seen, with forced colours, too; who wants no motion gets none', async ({
  open,
  order,
  say,
}) => {
  const { room } = await order();
  await say(ravi, room, 'Hello');
  const page = await open(aisha, room, '?pane=order');
  await page.locator('aside').waitFor();
  for (const forcedColors of ['none', 'active'] as const) {
    await page.emulateMedia({ forcedColors, reducedMotion: 'reduce' });
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    const unseen: string[] = [];
    for (let stop = 0; stop < 26; stop += 1) {
      await page.keyboard.press('Tab');
      const bad = await page.evaluate((isForced) => {
        const at = document.activeElement!;
        if (at === document.body) return null;
        // The ring may be around the box that an input stands in.
        for (let one: Element | null = at; one && one !== document.body; one = one.parentElement) {
          const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
          if (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2) return null;
          if (!isForced && one !== at && one.matches(':focus-within') && boxShadow !== 'none')
            return null;
        }
        return at.outerHTML.slice(0, 80);
      }, forcedColors === 'active');
      if (bad) unseen.push(bad);
    }
    expect({ forcedColors, unseen }).toEqual({ forcedColors, unseen: [] });
  }
  await message(page, 'Hello').focus();
  await page.keyboard.press('Enter');
  const moving = await page.evaluate(() => {
    const longest = (list: string) =>
      Math.max(
        ...list.split(',').map((one) => Number.parseFloat(one) * (one.endsWith('ms') ? 1 : 1000)),
      );
    const found = new Set<string>();
    for (const one of document.querySelectorAll('*'))
      for (const pseudo of ['', '::before', '::after']) {
        const style = getComputedStyle(one, pseudo);
        // A transition of 1 ms, too, lasts a frame, and one after the other on the way down the page.
        const isSlow =
          longest(style.transitionDuration) > 0 || longest(style.animationDuration) > 1;
        if (isSlow || style.scrollBehavior === 'smooth') found.add(`${one.className}${pseudo}`);
      }
    return [...found];
  });
  expect(moving).toEqual([]);
});
