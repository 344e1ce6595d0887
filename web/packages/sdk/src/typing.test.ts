import { beforeEach, expect, test } from 'vitest';
import { FakeClock, FakeSocket, settled } from '../tests/fakes.js';
import { createClient, type Client } from './index.js';

let clock: FakeClock;
let client: Client;
beforeEach(async () => {
  clock = new FakeClock();
  FakeSocket.all = [];
  client = createClient({
    url: 'http://server',
    getToken: () => 'token',
    WebSocket: FakeSocket,
    clock,
    fetch: () => Promise.resolve(new Response('{}', { status: 503 })),
  });
  client.connect();
  await settled();
  FakeSocket.last.welcome();
});

const told = () => FakeSocket.last.of('typing').length;

test('C9: typing is told once in three seconds however fast one types, and not when one stops', async () => {
  const room = client.room('room');
  for (let key = 0; key < 40; key += 1) {
    room.typing();
    await clock.pass(100);
  }
  // At 0 and at 3 s.
  expect(told()).toBe(2);
  await clock.pass(5_000);
  expect(told()).toBe(2);
  room.typing();
  expect(told()).toBe(3);
});
