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
