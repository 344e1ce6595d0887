import { beforeEach, expect, test, vi } from 'vitest';
import { FakeClock, FakeSocket, settled } from '../tests/fakes.js';
import { Connection, type ConnectionParts } from './connection.js';

let clock: FakeClock;
beforeEach(() => {
  clock = new FakeClock();
  FakeSocket.all = [];
});

function connection(parts: Partial<ConnectionParts> = {}) {
  const made = new Connection({
    url: 'ws://server/api/chat/ws/',
    WebSocket: FakeSocket,
    clock,
    random: () => 1,
    token: async () => 'token',
    renewIn: () => Infinity,
    resume: () => null,
    onFrame: () => {},
    onPong: () => {},
    ...parts,
  });
  made.connect();
  return made;
}

async function online(parts: Partial<ConnectionParts> = {}) {
  const made = connection(parts);
  await settled();
  FakeSocket.last.welcome();
  return made;
}

test('says hello with a token, and where it was', async () => {
  const resume = { epoch: 'one', rooms: { room: 7 } };
  const made = connection({ resume: () => resume });
  expect(made.state.value.status).toBe('connecting');
  await settled();
  FakeSocket.last.open();
  expect(FakeSocket.last.sent).toEqual([{ type: 'hello', token: 'token', resume }]);
  FakeSocket.last.say({ type: 'welcome', epoch: 'one', user: 'aisha', heartbeat: 25 });
  expect(made.state.value).toMatchObject({ status: 'online', offlineSince: null });
});

test('O3: waits longer after each failure, 30 seconds at most, and begins anew after a success', async () => {
  const made = connection();
  const waits: number[] = [];
  for (let failure = 0; failure < 9; failure += 1) {
    await settled();
    FakeSocket.last.end(1006);
    const { status, retryAt } = made.state.value;
    expect(status).toBe('waiting');
    waits.push(retryAt! - clock.now());
    await clock.pass(waits.at(-1)!);
  }
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
  FakeSocket.last.welcome();
  FakeSocket.last.end(1006);
  expect(made.state.value.retryAt! - clock.now()).toBe(500);
});

test('O3: the wait is anything up to its bound', async () => {
  const made = connection({ random: () => 0.25 });
  await settled();
  FakeSocket.last.end(1006);
  expect(made.state.value.retryAt! - clock.now()).toBe(125);
});

test('O3: tries at once when the network is back', async () => {
  const made = connection();
  await settled();
  FakeSocket.last.end(1006);
  made.check();
  await settled();
  expect(FakeSocket.all).toHaveLength(2);
  await clock.pass(600); // when it would have tried by itself
  expect(FakeSocket.all).toHaveLength(2);
});

test('O3: whoever asks for it need not wait for the next try', async () => {
  const made = connection();
  await settled();
  FakeSocket.last.end(1006);
  expect(made.state.value.status).toBe('waiting');
  made.connect();
  expect(made.state.value.status).toBe('connecting');
  await settled();
  made.connect(); // is on its way already
  await clock.pass(600);
  expect(FakeSocket.all).toHaveLength(2);
});

test('comes back no sooner than the server says', async () => {
  const made = await online({ random: () => 0 });
  FakeSocket.last.say({ type: 'bye', code: 4008, retry_after: 7 });
  FakeSocket.last.end(4008);
  expect(made.state.value).toMatchObject({ closeCode: 4008, retryAt: clock.now() + 7000 });
});

test('asks after a heartbeat of silence, and opens another one when nothing comes', async () => {
  const made = await online();
  const first = FakeSocket.last;
  await clock.pass(10_000); // the ping after `welcome` is not answered
  expect(made.state.value.status).toBe('waiting');
  await clock.pass(500);
  const second = FakeSocket.last;
  expect(second).not.toBe(first);
  second.welcome();
  second.say({ type: 'pong', at: new Date(clock.now()).toISOString() });
  await clock.pass(25_000);
  expect(second.of('ping')).toHaveLength(2);
  second.say({ type: 'pong', at: new Date(clock.now()).toISOString() });
  await clock.pass(25_000);
  expect(made.state.value.status).toBe('online');
});

test('tells the clock of the server', async () => {
  const onPong = vi.fn();
  await online({ onPong });
  const sentAt = clock.now();
  await clock.pass(40);
  FakeSocket.last.say({ type: 'pong', at: '2026-11-29T09:10:00.000Z' });
  expect(onPong).toHaveBeenCalledWith(Date.parse('2026-11-29T09:10:00Z'), sentAt);
});

test('a token that was refused is replaced once; then somebody has to sign in', async () => {
  const token = vi.fn(async (_renew: boolean) => 'token');
  const made = await online({ token });
  FakeSocket.last.end(4401);
  await clock.pass(0);
  expect(token).toHaveBeenLastCalledWith(true);
  FakeSocket.last.end(4401);
  expect(made.state.value).toMatchObject({ status: 'unauthorised', closeCode: 4401 });
  made.connect();
  await settled();
  FakeSocket.last.welcome();
  expect(made.state.value.status).toBe('online');
});

test('the room of the token is gone: it stops', async () => {
  const made = await online();
  FakeSocket.last.end(4403);
  await clock.pass(120_000);
  expect(made.state.value.status).toBe('unauthorised');
  expect(FakeSocket.all).toHaveLength(1);
});

test('no token for want of a network is no refusal', async () => {
  const token = vi.fn(async () => 'token');
  token.mockRejectedValueOnce(new TypeError('fetch failed'));
  const made = connection({ token });
  await settled();
  expect(made.state.value.status).toBe('waiting');
  token.mockRejectedValueOnce(new Error('not signed in'));
  await clock.pass(500);
  expect(made.state.value.status).toBe('unauthorised');
});

test('gives another token before the old one ends', async () => {
  let renewIn = 60_000;
  const token = vi.fn(async () => 'token');
  const made = await online({ token, renewIn: () => renewIn });
  const pong = () => FakeSocket.last.say({ type: 'pong', at: new Date(clock.now()).toISOString() });
  for (let passed = 0; passed < 60_000; passed += 5_000) {
    pong();
    await clock.pass(5_000);
  }
  renewIn = Infinity;
  const [auth] = FakeSocket.last.of('auth');
  expect(auth).toMatchObject({ token: 'token' });
  FakeSocket.last.say({ type: 'ok', ref: auth!.ref! });
  await settled();
  expect(made.state.value.status).toBe('online');
});

test('answers find their commands; an interruption is the answer to all others', async () => {
  const made = await online();
  const send = (content: string) => made.command({ type: 'send', room: 'room', content });
  const [one, two, three] = [send('1'), send('2'), send('3')];
  const [first, second] = FakeSocket.last.of('send');
  const problem = {
    type: 'urn:orderchat:problem:muted',
    title: 'Muted',
    status: 403,
    detail: '',
    errors: [],
  };
  FakeSocket.last.say({ type: 'error', ref: second!.ref!, problem, retry_after: 3 });
  FakeSocket.last.say({ type: 'ok', ref: first!.ref! });
  await expect(one).resolves.toMatchObject({ type: 'ok' });
  await expect(two).rejects.toMatchObject({ status: 403, code: 'muted', retryAfter: 3 });
  FakeSocket.last.end(1006);
  await expect(three).rejects.toMatchObject({ status: 0, isTemporary: true });
  await expect(send('4')).rejects.toMatchObject({ status: 0 });
});

test('disconnected is disconnected', async () => {
  const made = await online();
  made.disconnect();
  FakeSocket.last.end(1000);
  await clock.pass(300_000);
  expect(made.state.value.status).toBe('idle');
  expect(FakeSocket.all).toHaveLength(1);
});

test('what is no JSON is passed over', async () => {
  const made = await online();
  FakeSocket.last.onmessage?.({ data: '<html>' });
  expect(made.state.value.status).toBe('online');
});
