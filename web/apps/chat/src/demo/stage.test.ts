import { beforeEach, expect, it, vi } from 'vitest';
import * as api from './api.js';
import { Stage } from './stage.svelte.js';

const { query, page } = vi.hoisted(() => ({
  query: new URLSearchParams(),
  page: { visibilityState: 'visible' },
}));
vi.mock('../router.svelte.js', () => ({
  router: {
    query,
    set: (changes: Record<string, string>) =>
      Object.entries(changes).forEach(([key, value]) => query.set(key, value)),
  },
}));
vi.mock('./api.js');

const order = (id: string): api.DemoOrder => ({
  order: id,
  number: '1',
  room: null,
  room_title: null,
  status: 'preparing',
  delivery_status: null,
  people: ['customer', 'rider'].map((role) => ({ user: `${id} ${role}`, role, name: role })),
});
const views = (stage: Stage) => stage.views.map((one) => one.user);

beforeEach(() => {
  query.delete('order');
  page.visibilityState = 'visible';
  vi.stubGlobal('document', page);
  vi.mocked(api.orders).mockResolvedValue([order('one'), order('two')]);
});

it('opens an order, and keeps it and the views that were chosen', async () => {
  const stage = new Stage(() => 2);
  await stage.refresh();
  expect(stage.order?.order).toBe('two');
  expect(query.get('order')).toBe('two');
  stage.step(stage.views[0]!);
  await stage.refresh();
  expect(views(stage)).toEqual(['two rider']);
});

it('in a tab that nobody looks at, begins when somebody does', async () => {
  page.visibilityState = 'hidden';
  const stage = new Stage(() => 2);
  await stage.refresh();
  expect(stage.status).toBe('loading');
  page.visibilityState = 'visible';
  await stage.refresh();
  expect(stage.status).toBe('ready');
  expect(views(stage)).toEqual(['two customer', 'two rider']);
});

it('opens the order of the address, as soon as it is there', async () => {
  query.set('order', 'three');
  vi.mocked(api.orders).mockResolvedValueOnce([]);
  const stage = new Stage(() => 2);
  await stage.refresh();
  expect(stage.order).toBeNull();
  vi.mocked(api.orders).mockResolvedValueOnce([order('three'), order('four')]);
  await stage.refresh();
  expect(views(stage)).toEqual(['three customer', 'three rider']);
});
