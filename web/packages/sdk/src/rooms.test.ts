import { beforeEach, expect, test } from 'vitest';
import { FakeClock, message, participant } from '../tests/fakes.js';
import { OrderchatError } from './errors.js';
import { Rooms } from './rooms.js';
import type { EventFrame, RoomView } from './wire.js';

let rooms: Rooms;
let get: (path: string) => Promise<unknown>;
beforeEach(() => {
  get = () => new Promise(() => {});
  rooms = new Rooms({
    clock: new FakeClock(),
    requests: { get: (path: string) => get(path) },
    following: { seq: () => 0, mark: () => {} },
  } as unknown as ConstructorParameters<typeof Rooms>[0]);
});

const room = (seq: number, fields: Partial<RoomView> = {}) =>
  ({
    id: 'room',
    seq,
    unread_count: 2,
    message_count: 5,
    last_message: null,
    my_participant: participant('me', { delivered_seq: 99 }),
    ...fields,
  }) as RoomView;

const created = (seq: number) =>
  ({
    type: 'event',
    room: 'room',
    seq,
    kind: 'message.created',
    at: '2026-11-29T10:00:00.000Z',
    data: { message: message(seq) },
  }) as unknown as EventFrame;

test('R8: a message is counted once, whether the list’s answer is from before it or after it', () => {
  rooms.put(room(7));
  rooms.unread.set({ messages: 2, rooms: 1 });
  for (const seq of [6, 7, 8]) rooms.event(created(seq), true);
  expect(rooms.get('room')).toMatchObject({ seq: 8, unread_count: 3, message_count: 6 });
  expect(rooms.unread.value).toEqual({ messages: 3, rooms: 1 });
});

test('E3: why one does not know who one is, until one does', async () => {
  get = () => Promise.reject(new OrderchatError({ status: 503 }));
  await rooms.refresh();
  expect([rooms.me.value, rooms.meError.value?.status]).toEqual([null, 503]);
  get = () => Promise.resolve({ id: 'aisha', unread_count: 2, unread_rooms: 1 });
  await rooms.refresh();
  expect([rooms.me.value?.id, rooms.meError.value]).toEqual(['aisha', null]);
});

test('E3: a later page that does not come leaves the others, and can be asked for again', async () => {
  const failing = () => Promise.reject(new OrderchatError({ status: 503 }));
  const page = (id: string, next: string | null) => () =>
    Promise.resolve({ results: [room(1, { id })], next, previous: null });
  get = page('first', '/later');
  const list = rooms.list({ scope: 'all' });
  const shown = () => [list.value.status, list.value.error?.status, list.value.rooms.length];
  await list.reload();
  expect(shown()).toEqual(['ready', undefined, 1]);
  get = failing;
  await list.more();
  expect(shown()).toEqual(['ready', 503, 1]);
  get = page('first', '/later');
  await rooms.refresh();
  expect(shown()).toEqual(['ready', undefined, 1]);
  get = page('second', null);
  await list.more();
  expect(shown()).toEqual(['ready', undefined, 2]);
  expect(list.value.hasMore).toBe(false);
  // A list that cannot be read anew is not one that waits for ever.
  get = failing;
  await list.reload();
  expect(shown().slice(0, 2)).toEqual(['failed', 503]);
});
