// Clients against the real server, as people use them.
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import {
  type Client,
  type ClientOptions,
  createClient,
  type Page,
  type ParticipantView,
  type Room,
} from '../src/index.js';
import { admin, aisha, mei, type Person, ravi, Server, tokenOf, until } from './server.js';

let server: Server;
const clients: Client[] = [];

beforeAll(async () => {
  server = await Server.start();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});
afterAll(() => server.stop());

function clientOf(person: Person, options: Partial<ClientOptions> = {}): Client {
  const client = createClient({
    url: server.url,
    getToken: () => tokenOf(person),
    WebSocket,
    ...options,
  });
  clients.push(client);
  client.connect();
  return client;
}

const online = (client: Client) => until(() => client.connection.value.status === 'online', 40_000);
const ready = (room: Room) => until(() => room.value.status === 'ready' && room.value.capabilities);
const texts = (room: Room) =>
  room.value.messages.filter((one) => !one.is_system_message).map(({ content }) => content);

/** What is in the room, by the server. */
async function stored(room: string): Promise<string[]> {
  const all: string[] = [];
  let path: string | null = `/api/chat/rooms/${room}/messages/?after=0&limit=200`;
  while (path) {
    const page: { results: { content: string; message_type: string }[]; next: string | null } =
      await server.ask(admin, 'GET', path);
    all.push(
      ...page.results.filter((one) => one.message_type === 'text').map(({ content }) => content),
    );
    path = page.next;
  }
  return all;
}

test('two people talk: messages, receipts, typing, presence', async () => {
  const { room } = await server.order();
  const [hers, his] = [clientOf(aisha).room(room), clientOf(ravi).room(room)];
  await Promise.all([ready(hers), ready(his)]);
  expect(hers.value.capabilities).toMatchObject({ read: true, write: true });
  expect(hers.value.order).toMatchObject({ number: '1042' });

  his.typing();
  await until(() => hers.value.typing[0] === his.value.me!.id);
  const pending = hers.send('Please ring twice.');
  expect(hers.value.pending).toEqual([
    expect.objectContaining({
      clientMessageId: pending.clientMessageId,
      content: 'Please ring twice.',
    }),
  ]);
  const arrived = await until(() =>
    his.value.messages.find(({ content }) => content === 'Please ring twice.'),
  );
  await until(() => hers.value.pending.length === 0);
  const own = hers.value.messages.find(({ id }) => id === arrived.id)!;
  expect(own.client_message_id).toBe(pending.clientMessageId);
  expect(own.sender).toBe(hers.value.me!.id);

  const marksOfHis = () => hers.value.participants.find(({ id }) => id === his.value.me!.id)!;
  await until(() => marksOfHis().delivered_seq >= own.seq);
  expect(marksOfHis().read_seq).toBeLessThan(own.seq);
  his.markRead(arrived.seq);
  await until(() => marksOfHis().read_seq >= own.seq);
  expect(marksOfHis().is_online).toBe(true);
});

test('a bubble is there when send returns, and one row remains', async () => {
  const { room } = await server.order();
  const client = clientOf(aisha);
  const hers = client.room(room);
  await ready(hers);
  const shown: number[] = [];
  hers.subscribe(({ messages, pending }) => {
    shown.push([...messages, ...pending].filter(({ content }) => content === 'Once').length);
  });
  hers.send('Once');
  await until(() => texts(hers).includes('Once'));
  await until(() => client.outbox.value.length === 0);
  const [before, ...after] = shown;
  expect([before, new Set(after)]).toEqual([0, new Set([1])]);
});

test('reply, edit, delete, thread and history', async () => {
  const { room } = await server.order();
  const [hers, ours] = [clientOf(aisha).room(room), clientOf(admin).room(room)];
  await Promise.all([ready(hers), ready(ours)]);
  hers.send('Where are you?');
  const question = await until(() =>
    ours.value.messages.find((one) => one.content === 'Where are you?'),
  );
  ours.send({
    content: 'At the door.',
    replyTo: {
      id: question.id,
      seq: question.seq,
      sender_name: question.sender_name,
      excerpt: question.content,
      is_deleted: false,
    },
  });
  const answer = await until(() =>
    hers.value.messages.find((one) => one.content === 'At the door.'),
  );
  expect(answer.reply_to?.id).toBe(question.id);
  expect((await hers.thread(question.id)).results.map(({ id }) => id)).toContain(answer.id);

  await hers.edit(question.id, 'Where are you now?');
  await until(() => ours.value.messages.find(({ id }) => id === question.id)?.is_edited);
  await ours.delete(answer.id, 'wrong order');
  await until(() => hers.value.messages.find(({ id }) => id === answer.id)?.is_deleted);
  const { results } = await ours.history(answer.id);
  expect(results.map(({ kind }) => kind)).toEqual(['created', 'deleted']);
});

test("a photo that proves the delivery: place and time are read, and the rider's alone", async () => {
  const { room } = await server.order();
  const photo = new File(
    [
      await readFile(
        new URL('../../../../crates/server/tests/it/files/photo.jpg', import.meta.url),
      ),
    ],
    'door.jpg',
    { type: 'image/jpeg' },
  );
  const [his, hers] = [clientOf(ravi).room(room), clientOf(aisha).room(room)];
  await Promise.all([ready(his), ready(hers)]);
  const pending = his.sendFile(photo, { content: 'At the door', purpose: 'proof' });
  expect(pending.file).toMatchObject({ name: 'door.jpg', purpose: 'proof' });
  await until(() => texts(his).includes('At the door'));
  const staff = clientOf(mei).room(room);
  await ready(staff);
  const { results } = await staff.orderTimeline();
  const proof = results.find(({ kind }) => kind === 'delivery.proof_added');
  expect(JSON.stringify(proof)).toMatch(/12\.97.*2026-11-28T04:50:30\.000Z/);

  const refused = hers.sendFile(photo, { content: 'Mine', purpose: 'proof' });
  const left = await until(() => hers.value.pending.find(({ state }) => state === 'failed'));
  expect(left).toMatchObject({
    clientMessageId: refused.clientMessageId,
    error: { status: 403 },
  });
});

test('the server dies while messages are sent: each is there once, in order', async () => {
  const { room } = await server.order();
  const client = clientOf(aisha, { random: () => 0.1 });
  const hers = client.room(room);
  await ready(hers);
  const said = Array.from({ length: 60 }, (_, index) => `message ${index}`);
  for (const text of said.slice(0, 30)) hers.send(text);
  await until(() => texts(hers).length >= 7);
  await server.kill();
  for (const text of said.slice(30)) hers.send(text);
  expect(client.outbox.value.length).toBeGreaterThan(30);
  await server.run();
  await until(() => client.outbox.value.length === 0, 30_000);
  expect(await stored(room)).toEqual(said);
  await until(() => texts(hers).length === said.length);
  expect(texts(hers)).toEqual(said);
});

test('200 messages while one is cut off: none is missing, none is there twice', async () => {
  const { room } = await server.order();
  const hers = clientOf(aisha);
  const view = hers.room(room);
  await ready(view);
  hers.disconnect();
  const said = Array.from({ length: 200 }, (_, index) => `while away ${index}`);
  for (const text of said) {
    await server.ask(ravi, 'POST', `/api/chat/rooms/${room}/messages/`, { content: text });
  }
  hers.connect();
  await until(() => texts(view).length === 200);
  expect(texts(view)).toEqual(said);
  const seqs = view.value.messages.map(({ seq }) => seq);
  expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
});

test('pages of older messages go back to the beginning; the window moves and comes back', async () => {
  const { room } = await server.order();
  for (let index = 0; index < 180; index += 1) {
    await server.ask(ravi, 'POST', `/api/chat/rooms/${room}/messages/`, {
      content: `old ${index}`,
    });
  }
  const view = clientOf(ravi).room(room);
  await ready(view);
  expect(texts(view).at(-1)).toBe('old 179');
  while (view.value.hasOlder) await view.older();
  expect(texts(view)).toHaveLength(180);

  const tenth = view.value.messages.find(({ content }) => content === 'old 10')!;
  const other = clientOf(mei).room(room);
  await ready(other);
  await other.around(tenth.seq);
  expect(texts(other)).toContain('old 10');
  expect(other.value.hasNewer).toBe(true);
  view.send('new');
  await until(() => texts(view).includes('new'));
  expect(texts(other)).not.toContain('new');
  while (other.value.hasNewer) await other.newer();
  expect(texts(other).at(-1)).toBe('new');
  expect(texts(other).filter((text) => text.startsWith('old ')).length).toBeGreaterThan(160);
});

test('a window begins where many unread messages do', async () => {
  const { room } = await server.order();
  for (let index = 0; index < 120; index += 1) {
    await server.ask(ravi, 'POST', `/api/chat/rooms/${room}/messages/`, {
      content: `unread ${index}`,
    });
  }
  const view = clientOf(aisha).room(room);
  await ready(view);
  expect(view.value.unreadCount).toBeGreaterThanOrEqual(120);
  expect(texts(view)).toContain('unread 0');
  expect(view.value.hasNewer).toBe(true);
});

test('a token is replaced before it ends, without a new connection', async () => {
  const { room } = await server.order();
  let asked = 0;
  const getToken = () => tokenOf(aisha, (asked += 1) === 1 ? 8 : 3600);
  const end = Date.now() + 8_000;
  const client = clientOf(aisha, { getToken });
  const view = client.room(room);
  await ready(view);
  let losses = 0;
  client.connection.subscribe(({ status }) => (losses += Number(status !== 'online')));
  await until(() => asked === 2);
  // The server closes within five seconds of its end what has no other token.
  await until(() => Date.now() > end + 5_000, 20_000);
  view.send('still here');
  await until(() => texts(view).includes('still here'));
  expect(losses).toBe(0);
});

test('a revoked token is replaced; when the new one is no good, either, it says so', async () => {
  let good = true;
  const client = clientOf(ravi, {
    getToken: () => (good ? tokenOf(ravi) : 'no token'),
    random: () => 0,
  });
  await online(client);
  good = false;
  await server.revoke(ravi);
  await until(() => client.connection.value.status === 'unauthorised');
  good = true;
  // Tokens of the second of the revocation are revoked with it.
  const second = Math.floor(Date.now() / 1000);
  await until(() => Math.floor(Date.now() / 1000) > second);
  client.connect();
  await online(client);
});

test('a block ends the room at once, and only that', async () => {
  const [one, two] = [await server.order('1'), await server.order('2')];
  const client = clientOf(aisha);
  const [blocked, other] = [client.room(one.room), client.room(two.room)];
  await Promise.all([ready(blocked), ready(other)]);
  const us = clientOf(admin).room(one.room);
  await ready(us);
  us.send('You will be blocked.');
  await until(() => texts(blocked).length === 1);
  await us.block(blocked.value.me!.id, 'abuse');
  await until(() => blocked.value.status === 'gone');
  expect(blocked.value.messages).toEqual([]);
  expect(blocked.value.ended).toBe('blocked');
  other.send('Hello?');
  await until(() => texts(other).includes('Hello?'));
});

test('staff who read along leave no marks; from when they join they do', async () => {
  const { room } = await server.order();
  const client = clientOf(admin);
  const refused: unknown[] = [];
  client.onFrame('error', (frame) => refused.push(frame.problem));
  const ours = client.room(room);
  await ready(ours);
  const hears = async (content: string) => {
    await server.ask(ravi, 'POST', `/api/chat/rooms/${room}/messages/`, { content });
    return until(() => ours.value.messages.find((one) => one.content === content));
  };
  const before = await hears('Before');
  ours.markRead(before.seq);
  expect(ours.value).toMatchObject({ me: null, readSeq: 0 });
  await ours.join();
  const { seq } = await hears('After');
  const mine = async () => {
    const path = `/api/chat/rooms/${room}/participants/`;
    const { results } = await server.ask<Page<ParticipantView>>(admin, 'GET', path);
    return results.find(({ user }) => user === admin.sub)!;
  };
  await until(async () => (await mine()).delivered_seq === seq);
  ours.markRead(seq);
  await until(async () => (await mine()).read_seq === seq);
  expect(refused).toEqual([]);
});

test('a muted customer is told why, and when it ends', async () => {
  const { room } = await server.order();
  const [hers, ours] = [clientOf(aisha).room(room), clientOf(mei).room(room)];
  await Promise.all([ready(hers), ready(ours)]);
  await ours.mute(hers.value.me!.id, 'caps lock', 600);
  await until(() => hers.value.capabilities?.write === false);
  expect(hers.value.capabilities?.why_not).toContain('muted');
  hers.send('HELLO?');
  const failed = await until(() => hers.value.pending.find(({ state }) => state === 'failed'));
  expect(failed.error).toMatchObject({ status: 403, code: 'muted' });
  await ours.unmute(hers.value.me!.id);
  await until(() => hers.value.capabilities?.write);
  hers.retry(failed.clientMessageId);
  await until(() => texts(hers).includes('HELLO?'));
});

test('lists move and count by what happens', async () => {
  const [one, two] = [await server.order('1'), await server.order('2')];
  const client = clientOf(aisha);
  const list = client.rooms();
  await online(client);
  await until(() => list.value.rooms.some(({ id }) => id === two.room));
  const place = (id: string) => list.value.rooms.findIndex((room) => room.id === id);
  expect(place(two.room)).toBeLessThan(place(one.room));
  await until(() => client.me.value);
  const before = client.unread.value.messages;
  await server.ask(ravi, 'POST', `/api/chat/rooms/${one.room}/messages/`, { content: 'Hi' });
  await until(() => place(one.room) === 0);
  expect(list.value.rooms[0]).toMatchObject({ last_message_preview: 'Hi' });
  await until(() => client.unread.value.messages === before + 1);

  const { room: third } = await server.order('3');
  await until(() => place(third) === 0);

  const view = client.room(one.room);
  await ready(view);
  view.markRead(view.value.messages.at(-1)!.seq);
  await until(() => list.value.rooms.find(({ id }) => id === one.room)?.unread_count === 0);
});

test('what is read in one tab is read in the other', async () => {
  const { room } = await server.order();
  const [one, two] = [clientOf(aisha), clientOf(aisha)];
  const list = two.rooms();
  await Promise.all([online(one), online(two)]);
  const unread = () => list.value.rooms.find(({ id }) => id === room)?.unread_count;
  await server.ask(ravi, 'POST', `/api/chat/rooms/${room}/messages/`, { content: 'Hi' });
  await until(unread);
  const view = one.room(room);
  await ready(view);
  view.markRead(view.value.messages.at(-1)!.seq);
  await until(() => unread() === 0, 1_000);
});

test('staff lists follow rooms that they do not look at', async () => {
  const { room } = await server.order('77');
  const client = clientOf(mei);
  const list = client.rooms({ scope: 'all', status: 'open' });
  await online(client);
  await until(() => list.value.rooms.some(({ id }) => id === room));
  await server.ask(ravi, 'POST', `/api/chat/rooms/${room}/messages/`, { content: 'For staff' });
  await until(() => list.value.rooms[0]?.last_message_preview === 'For staff');
  await server.ask(admin, 'POST', `/api/chat/rooms/${room}/close/`, { reason: 'done' });
  await until(() => list.value.rooms.every(({ id }) => id !== room));

  const { room: deleted } = await server.order('78');
  await until(() => list.value.rooms.some(({ id }) => id === deleted));
  await server.ask(admin, 'DELETE', `/api/chat/rooms/${deleted}/`);
  await until(() => list.value.rooms.every(({ id }) => id !== deleted));
});

test('a database that was restored is another one: rooms are loaded anew', async () => {
  const { room } = await server.order();
  // A client of a proxy that shows another epoch could not be told from this.
  const frames: string[] = [];
  class Other extends WebSocket {
    override send(data: string): void {
      frames.push(data);
      super.send(data.replace(/"epoch":"[^"]*"/, '"epoch":"another"'));
    }
  }
  const client = clientOf(aisha, { WebSocket: Other });
  const view = client.room(room);
  await ready(view);
  client.disconnect();
  await server.ask(ravi, 'POST', `/api/chat/rooms/${room}/messages/`, { content: 'Meanwhile' });
  client.connect();
  await until(() => texts(view).includes('Meanwhile'));
  expect(frames.some((frame) => frame.includes('"resume"'))).toBe(true);
});

test('what is typed but not sent is kept for its user', async () => {
  const client = clientOf(aisha);
  await online(client);
  client.drafts.set('room', { content: 'half a sen' });
  expect(client.drafts.get('room')).toEqual({ content: 'half a sen' });
  client.drafts.set('room', { content: '  ' });
  expect(client.drafts.get('room')).toBeNull();
});

test('problems are typed', async () => {
  const client = clientOf(aisha);
  const problem = await client
    .rest('GET', '/api/chat/rooms/{room}/', { path: { room: 'CHAT-0000-0000' } })
    .catch((error: unknown) => error);
  expect(problem).toMatchObject({ name: 'OrderchatError', status: 404, code: 'not-found' });
  const wrong = await client
    .rest('PATCH', '/api/chat/me/', { body: { language: 'no language at all' } })
    .catch((error: unknown) => error);
  expect(wrong).toMatchObject({ status: 422, errors: [{ pointer: '/language' }] });
});
