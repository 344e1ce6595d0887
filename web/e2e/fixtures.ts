// A real server with its pages for each worker; people who are signed in, each in a browser of
// their own.
import { type BrowserContext, test as base, expect, type Page } from '@playwright/test';
import {
  admin,
  aisha,
  mei,
  type Person,
  ravi,
  Server,
  tokenOf,
} from '../packages/sdk/tests/server.js';
import { startDemo } from '../tools/demo.mjs';
import { type DemoOrder, demoOf } from '../tools/states.mjs';
import { Database } from './postgres.js';
import { Site } from './site.js';

export { admin, aisha, expect, mei, ravi, type Page, type Person, type Server };

/** Words of the pages that stand for a message's text. */
export const message = (page: Page, text: string) =>
  page.getByRole('log').getByRole('article').filter({ hasText: text });
export const composer = (page: Page) => page.locator('[data-composer]').first();
export const settled = (page: Page) =>
  page
    .locator('[role=log]:is([data-settled="true"], [data-rows="0"])')
    .waitFor({ state: 'attached' });

/** Waits until a text is on the disk: then it survives a reload. */
export const kept = (page: Page, text: string) =>
  expect
    .poll(() =>
      page.evaluate(
        (wanted) =>
          new Promise<boolean>((done) => {
            const request = indexedDB.open('orderchat');
            request.onsuccess = () => {
              const all = request.result.transaction('kept').objectStore('kept').getAll();
              all.onsuccess = () => {
                request.result.close();
                done(JSON.stringify(all.result).includes(wanted));
              };
            };
          }),
        text,
      ),
    )
    .toBe(true);

interface Here {
  /** A page of somebody, at this path; `phone` overrides the project's size. */
  enter(
    person: Person,
    path: string,
    options?: Parameters<NewContext>[0],
    /** Done with the page before it is loaded. */
    before?: (page: Page) => Promise<unknown>,
  ): Promise<Page>;
  /** An order whose room is open; `fields` are of the shop's report, over those of everybody's order. */
  order(number?: string, fields?: object): Promise<{ order: string; room: string }>;
  say(person: Person, room: string, ...texts: string[]): Promise<void>;
  /** A room as somebody sees it, once its timeline is there and at rest; `rest` goes on with its address. */
  open(person: Person, room: string, rest?: string): Promise<Page>;
  /** An order whose room somebody has open. */
  chat(options?: {
    /** Aisha, where nobody is named. */
    as?: Person;
    number?: string;
    fields?: object;
    /** What Ravi has said before. */
    said?: readonly string[];
    rest?: string;
  }): Promise<{ order: string; room: string; page: Page }>;
}

type NewContext = (options?: Record<string, unknown>) => Promise<BrowserContext>;

export const PHONE = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
  deviceScaleFactor: 3,
};

/** What a worker starts once has a time of its own: the first test is not to pay for it. */
const START_MS = 60_000;

/** How many times slower than they are the pages shall run: what hangs on their speed shows itself. */
const SLOWER = Number(process.env.ORDERCHAT_TEST_SLOWER ?? 1);

interface OfWorker {
  server: Server;
  site: Site;
  /** `orderchat demo`, and an order of it. */
  demo: { url: string; order: DemoOrder };
}

export const test = base.extend<Here, OfWorker>({
  server: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the names of the parameters
    async ({}, use, info) => {
      const database = info.project.name === 'postgres' ? await Database.create() : null;
      const server = await Server.start(database ? { ORDERCHAT_DATABASE: database.url } : {});
      await use(server);
      await server.stop();
      await database?.drop();
    },
    { scope: 'worker', timeout: START_MS },
  ],
  site: [
    async ({ server }, use) => {
      const site = await Site.start(server.url);
      await use(site);
      await site.stop();
    },
    { scope: 'worker', timeout: START_MS },
  ],
  demo: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the names of the parameters
    async ({}, use) => {
      const { url, stop } = await startDemo();
      await use({ url, order: await demoOf(url) });
      await stop();
    },
    { scope: 'worker', timeout: START_MS },
  ],
  enter: async ({ browser, site, contextOptions }, use, info) => {
    const { viewport, isMobile, hasTouch, userAgent } = info.project.use;
    const { locale, timezoneId } = info.project.use;
    const sizes = Object.fromEntries(
      Object.entries({ viewport, isMobile, hasTouch, userAgent, locale, timezoneId }).filter(
        ([, value]) => value !== undefined && value !== null,
      ),
    );
    const contexts: BrowserContext[] = [];
    const troubles: string[] = [];
    await use(async (person, path, options = {}, before = undefined) => {
      const context = await browser.newContext({ ...contextOptions, ...sizes, ...options });
      contexts.push(context);
      const page = await context.newPage();
      if (SLOWER > 1) {
        const browser = await context.newCDPSession(page);
        await browser.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
      }
      // A page error or a violation of the policy fails the test, whatever else it looks at.
      page.on('pageerror', (error) => troubles.push(error.message));
      page.on('console', (line) => {
        if (/Content.Security.Policy|Trusted/.test(line.text())) troubles.push(line.text());
      });
      await page.addInitScript((token) => {
        sessionStorage.setItem('orderchat.token', token);
      }, tokenOf(person));
      await before?.(page);
      await page.goto(site.url + path);
      return page;
    });
    for (const context of contexts) await context.close();
    expect(troubles).toEqual([]);
  },
  order: async ({ server }, use) => {
    await use((number, fields) => server.order(number, fields));
  },
  say: async ({ server }, use) => {
    await use(async (person, room, ...texts) => {
      for (const content of texts) {
        await server.ask(person, 'POST', `/api/chat/rooms/${room}/messages/`, { content });
      }
    });
  },
  open: async ({ enter }, use) => {
    await use(async (person, room, rest = '') => {
      const page = await enter(person, `/app/rooms/${room}${rest}`);
      await settled(page);
      return page;
    });
  },
  chat: async ({ order, say, open }, use) => {
    await use(async ({ as = aisha, number, fields, said = [], rest } = {}) => {
      const made = await order(number, fields);
      await say(ravi, made.room, ...said);
      return { ...made, page: await open(as, made.room, rest) };
    });
  },
});
