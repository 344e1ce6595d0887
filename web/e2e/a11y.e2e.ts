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

const pane = (name: string) => (room: string) => `/app/rooms/${room}?pane=${name}`;
const states: State[] = [
  { name: 'conversation' },
  { name: 'list', path: () => '/app/', go: (page) => page.locator('#rooms li').first().waitFor() },
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

for (const theme of ['light', 'dark'] as const) {
  test(`A1 A5 @both: no violation in any state, ${theme}`, async ({ enter, order, server }) => {
    test.setTimeout(120_000);
    const { room } = await order();
    const messages = `/api/chat/rooms/${room}/messages/`;
    const first = await server.ask<{ id: string }>(ravi, 'POST', messages, {
      content: 'Where shall I *leave* it?',
    });
    await server.ask(aisha, 'POST', messages, {
      content: 'With the neighbour: https://map.example',
      reply_to: first.id,
    });
    const gone = await server.ask<{ id: string }>(ravi, 'POST', messages, { content: 'Gone soon' });
    await server.ask(ravi, 'DELETE', `/api/chat/messages/${gone.id}/`);
    const found: Record<string, string[]> = {};
    for (const { name, person = aisha, path = (id) => `/app/rooms/${id}`, go } of states) {
      const page = await enter(person, path(room), { colorScheme: theme });
      if (path(room).includes('rooms')) await settled(page);
      await go?.(page);
      const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
      const named = violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
      );
      if (named.length > 0) found[name] = named;
      await page.context().close();
    }
    expect(found).toEqual({});
  });
}
