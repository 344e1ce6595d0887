// A1: axe finds nothing, in both themes and both sizes, in the states that a conversation can be in.
import AxeBuilder from '@axe-core/playwright';
import {
  admin,
  aisha,
  composer,
  expect,
  mei,
  message,
  type Page,
  type Person,
  ravi,
  settled,
  test,
} from './fixtures.js';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

interface State {
  name: string;
  person?: Person;
  path?: (room: string) => string;
  go?: (page: Page) => Promise<unknown>;
}

const conversation = (room: string) => `/app/rooms/${room}`;
const list = () => '/app/';
const pane = (name: string) => (room: string) => `/app/rooms/${room}?pane=${name}`;
const states: State[] = [
  { name: 'conversation' },
  { name: 'list', path: list, go: (page) => page.locator('#rooms li').first().waitFor() },
  { name: 'order', path: pane('order'), go: (page) => page.locator('aside').waitFor() },
  {
    name: 'people',
    person: admin,
    path: pane('people'),
    go: (page) => page.locator('aside li').first().waitFor(),
  },
  {
    name: 'timeline',
    person: mei,
    path: pane('timeline'),
    go: (page) => page.locator('aside li').first().waitFor(),
  },
  {
    name: 'search',
    path: pane('search'),
    go: async (page) => {
      await page.locator('aside input[type=search]').fill('neighbour');
      await page.locator('aside .hit').first().waitFor();
    },
  },
  {
    name: 'message menu',
    go: async (page) => {
      await message(page, 'With the neighbour').first().focus();
      await page.keyboard.press('Enter');
      await page.getByRole('menuitem').first().waitFor();
    },
  },
  {
    name: 'reply and draft',
    go: async (page) => {
      await message(page, 'Where shall I').first().focus();
      await page.keyboard.press('r');
      await composer(page).fill('Hm');
    },
  },
];

test('A1 A5 @both: no violation in any state, light or dark', async ({ enter, order, server }) => {
  test.setTimeout(120_000);
  const { room } = await order();
  const messages = `/api/chat/rooms/${room}/messages/`;
  const say = (person: Person, body: object) =>
    server.ask<{ id: string }>(person, 'POST', messages, body);
  const first = await say(ravi, { content: 'Where shall I *leave* it?' });
  await say(aisha, { content: 'With the neighbour: https://map.example', reply_to: first.id });
  const gone = await say(ravi, { content: 'Gone soon' });
  await server.ask(ravi, 'DELETE', `/api/chat/messages/${gone.id}/`);

  const pages = new Map<Person, Page>();
  const found: Record<string, string[]> = {};
  for (const { name, person = aisha, path = conversation, go } of states) {
    const page = pages.get(person) ?? (await enter(person, '/app/'));
    pages.set(person, page);
    await page.goto(new URL(path(room), page.url()).href);
    if (path !== list) await settled(page);
    await go?.(page);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
      for (const { id, nodes } of violations) {
        const where = nodes.map(({ target }) => target.join(' ')).join(', ');
        (found[`${name}, ${colorScheme}`] ??= []).push(`${id}: ${where}`);
      }
    }
  }
  expect(found).toEqual({});
});
