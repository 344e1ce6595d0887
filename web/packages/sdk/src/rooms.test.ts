import { beforeEach, expect, test } from 'vitest';
import { FakeClock, message, participant } from '../tests/fakes.js';
import { Rooms } from './rooms.js';
import type { EventFrame, RoomView } from './wire.js';

let rooms: Rooms;
beforeEach(() => {
  rooms = new Rooms({
    clock: new FakeClock(),
    requests: { get: () => new Promise(() => {}) },
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
