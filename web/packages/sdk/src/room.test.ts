import { beforeEach, expect, test } from 'vitest';
import { FakeClock, FakeSocket, message, participant, settled } from '../tests/fakes.js';
import { createClient } from './client.js';
import { memoryStorage } from './storage.js';
import type { Client } from './types.js';
import type { MessageView } from './wire.js';

let clock: FakeClock;
let client: Client;
let said: MessageView[];
let asked: string[];
/** What the server answers; null: it is not reached. */
let status: number | null;
beforeEach(async () => {
  clock = new FakeClock();
  said = [message(1)];
  asked = [];
  status = 200;
  FakeSocket.all = [];
  client = createClient({
    url: 'http://server',
    getToken: () => 'token',
    WebSocket: FakeSocket,
    clock,
    storage: memoryStorage(),
    fetch: async (input, init) => {
      const path = String(input).replace('http://server/api/chat/', '');
      asked.push(`${init?.method} ${path}`);
      if (status === null) throw new TypeError('no network');
      if (status !== 200) return Response.json({}, { status });
      if (path.includes('/messages/'))
        return Response.json({ results: said, next: null, previous: null });
      const mine = participant('me', { user: 'aisha' });
      if (path.includes('participants/'))
        return Response.json(init?.method === 'PATCH' ? mine : { results: [mine] });
      return Response.json({
        id: 'room',
        seq: said.length,
        order: null,
        my_participant: mine,
        last_message: null,
        unread_count: 0,
      });
    },
  });
  client.connect();
  await settled();
  FakeSocket.last.welcome();
});

const rooms = () => asked.filter((line) => line === 'GET rooms/room/').length;

/** The room, open, when the server says that what is known of it is of no use. */
async function resynced(answer: number | null) {
  const room = client.room('room');
  await clock.pass(0);
  expect(room.value).toMatchObject({ status: 'ready', error: null });
  said.push(message(2));
  status = answer;
  FakeSocket.last.say({ type: 'resync', room: 'room', reason: 'future', seq: 2 } as never);
  await clock.pass(0);
  return room;
}

test('O3: a room that cannot be read anew for now is asked for again', async () => {
  const room = await resynced(null);
  expect(room.value).toMatchObject({ status: 'ready', error: { status: 0 } });
  status = 503;
  await clock.pass(2_000);
  expect(room.value.error?.status).toBe(503);
  status = 200;
  await clock.pass(2_000);
  expect(room.value.error).toBeNull();
  expect(room.value.messages.map(({ seq }) => seq)).toEqual([1, 2]);
  const before = rooms();
  await clock.pass(60_000);
  expect(rooms()).toBe(before);
});

test('what will not succeed is not tried again, nor for a room that was left', async () => {
  const room = await resynced(400);
  let before = rooms();
  await clock.pass(60_000);
  expect(rooms()).toBe(before);
  status = null;
  void room.reload();
  await clock.pass(0);
  room.close();
  before = rooms();
  await clock.pass(60_000);
  expect(rooms()).toBe(before);
});

test('what one wants to hear of a room is known at once: it is read again', async () => {
  const room = client.room('room');
  await clock.pass(0);
  const before = rooms();
  await room.setPreferences({ messages: false });
  await clock.pass(1_000);
  expect(rooms()).toBe(before + 1);
});
