import { beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeClock, FakeSocket, message, participant, settled } from '../tests/fakes.js';
import { createClient } from './client.js';
import { memoryStorage } from './storage.js';
import type { Client, Room } from './types.js';
import type { EventData, EventKind, MessageView, ParticipantView } from './wire.js';

let clock: FakeClock;
let client: Client;
let said: MessageView[];
/** The seq of the last event. */
let head: number;
let asked: string[];
/** Who is in the room. */
let people: ParticipantView[];
/** Happens while the messages are read. */
let meanwhile: (() => void) | null;
/** What the server answers; null: it is not reached. */
let status: number | null;
beforeEach(async () => {
  clock = new FakeClock();
  said = [message(1)];
  head = 0;
  asked = [];
  people = [participant('me', { user: 'aisha' })];
  status = 200;
  meanwhile = null;
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
      if (path.includes('/messages/')) {
        meanwhile?.();
        return Response.json({ results: said, next: null, previous: null });
      }
      const mine = people.find(({ user }) => user === 'aisha') ?? null;
      if (path.includes('participants/'))
        return Response.json(init?.method === 'PATCH' ? mine : { results: people });
      const room = {
        id: 'room',
        status: 'open',
        seq: Math.max(head, said.length),
        order: null,
        my_participant: mine,
        last_message: null,
        unread_count: 0,
      };
      return Response.json(path.startsWith('rooms/?') ? { results: [room], next: null } : room);
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

test('R7: who has no part in a room tells nobody how far they are, from when they have one they do', async () => {
  const ravi = participant('ravi');
  const me = participant('me', { user: 'aisha', version: 3 });
  const told = () =>
    FakeSocket.last.sent.flatMap(({ type, seq }) =>
      type === 'delivered' || type === 'read' ? [`${type} ${seq}`] : [],
    );
  const happens = (seq: number, kind: EventKind, data: EventData) => {
    head = seq;
    FakeSocket.last.say({ type: 'event', room: 'room', seq, kind, at: '', actor: null, data });
  };
  const writes = (seq: number) => happens(seq, 'message.created', { message: message(seq) });
  people = [ravi];
  meanwhile = () => writes(2);
  const room = client.room('room');
  await clock.pass(1_000);
  meanwhile = null;
  writes(3);
  room.markRead(3);
  await clock.pass(1_000);
  expect(room.value).toMatchObject({ status: 'ready', me: null, readSeq: 0 });
  expect(told()).toEqual([]);

  people = [ravi, me];
  happens(4, 'participant.joined', { participant: me });
  // Not known everywhere yet: the page comes back to it.
  room.markRead(3);
  await clock.pass(1_000);
  room.markRead(3);
  writes(5);
  await clock.pass(1_000);
  expect(told()).toEqual(['delivered 5', 'read 3']);

  happens(6, 'participant.ended', {
    participant: { ...me, version: 6, is_active: false, ended: 'left' },
  });
  room.markRead(6);
  await clock.pass(1_000);
  expect(told()).toEqual(['delivered 5', 'read 3']);
});

test('R7: staff who left a room and go on reading tell nobody how far they are', async () => {
  people = [participant('me', { user: 'aisha', is_active: false, ended: 'left' })];
  const room = client.room('room');
  await clock.pass(1_000);
  expect(room.value.me).not.toBeNull();
  room.markRead(1);
  await clock.pass(1_000);
  expect([...FakeSocket.last.of('delivered'), ...FakeSocket.last.of('read')]).toEqual([]);
});

describe('the server is set back to an earlier backup', () => {
  const marks = (id: string) => {
    const { delivered_seq, read_seq } = room.value.participants.find((one) => one.id === id)!;
    return [delivered_seq, read_seq];
  };
  let room: Room;
  beforeEach(async () => {
    said = [1, 2, 3, 4].map((seq) => message(seq));
    const read = { delivered_seq: 4, read_seq: 4, version: 4 };
    people = [
      participant('me', { user: 'aisha', ...read }),
      participant('ravi', read),
      participant('late', { version: 3 }),
    ];
    room = client.room('room');
    await clock.pass(1_000);
    expect(marks('ravi')).toEqual([4, 4]);
    // All that came after the second message is lost.
    said.splice(2);
    people = [
      participant('me', { user: 'aisha', delivered_seq: 2, read_seq: 1 }),
      participant('ravi', { delivered_seq: 1 }),
    ];
  });
  const back = () => {
    FakeSocket.last.end(1001);
    return clock.pass(1_000).then(() => {
      FakeSocket.last.welcome('another');
      FakeSocket.last.say({ type: 'resync', room: 'room', reason: 'epoch', seq: 2 } as never);
    });
  };

  test('R1: who has read what is as it was then, and who came later is not there', async () => {
    await back();
    await clock.pass(1_000);
    expect(marks('ravi')).toEqual([1, 0]);
    expect(room.value.participants.map(({ id }) => id)).toEqual(['me', 'ravi']);
    expect(room.value).toMatchObject({ readSeq: 1, room: { seq: 2 } });
    FakeSocket.last.say({
      type: 'receipt',
      room: 'room',
      participant: 'ravi',
      delivered_seq: 2,
      read_seq: 2,
      at: '',
    });
    await clock.pass(100);
    expect(marks('ravi')).toEqual([2, 2]);
  });

  test('R7: what one reads is told again', async () => {
    room.markRead(4);
    await clock.pass(1_000);
    await back();
    await clock.pass(1_000);
    FakeSocket.last.sent.length = 0;
    room.markRead(2);
    await clock.pass(1_000);
    expect(FakeSocket.last.of('read')).toMatchObject([{ room: 'room', seq: 2 }]);
  });

  test('who comes while the room is read is there', async () => {
    const joined = { participant: participant('new', { version: 3 }) };
    const event = {
      room: 'room',
      seq: 3,
      kind: 'participant.joined',
      at: '',
      actor: null,
    } as const;
    meanwhile = () => FakeSocket.last.say({ type: 'event', ...event, data: joined });
    await back();
    await clock.pass(1_000);
    expect(room.value.participants.map(({ id }) => id)).toEqual(['me', 'ravi', 'new']);
  });

  test('the list of rooms shows the room as it was then, whoever looks at it', async () => {
    const list = client.rooms();
    await vi.waitFor(() => expect(list.value.rooms).toMatchObject([{ seq: 4 }]));
    room.close();
    FakeSocket.last.end(1001);
    await clock.pass(1_000);
    FakeSocket.last.welcome('another');
    await vi.waitFor(() => expect(list.value.rooms).toMatchObject([{ seq: 2 }]));
  });
});
