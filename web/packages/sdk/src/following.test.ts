import { beforeEach, expect, test } from 'vitest';
import { FakeClock, settled } from '../tests/fakes.js';
import { OrderchatError } from './errors.js';
import { Following } from './following.js';
import type { Capabilities, EventFrame } from './wire.js';

let clock: FakeClock;
let told: object[];
let commands: { type: string; room: string; seq: number }[];
let taken: number[];
let isOnline: boolean;
let refuse: OrderchatError | null;
/** What is known of one's part in the room. */
let isIn: boolean | undefined;
let following: Following;

beforeEach(() => {
  clock = new FakeClock();
  [told, commands, taken, isOnline, refuse, isIn] = [[], [], [], true, null, true];
  following = new Following({
    clock,
    connection: {
      get isOnline() {
        return isOnline;
      },
      tell: (frame) => void (isOnline && told.push(frame)),
      command: async (frame) => {
        if (refuse) throw refuse;
        commands.push(frame);
        return { type: 'ok', ref: '1' };
      },
    },
    isIn: () => isIn,
    onEvent: ({ seq }) => taken.push(seq),
  });
});

const event = (seq: number, room = 'room') =>
  following.event({
    type: 'event',
    room,
    seq,
    kind: 'hidden',
    at: '',
    actor: null,
    data: null,
  } as EventFrame);
const caughtUp = (seq: number) =>
  following.caughtUp({ type: 'caught_up', room: 'room', seq, capabilities: {} as Capabilities });
const welcome = () =>
  following.welcome({ type: 'welcome', epoch: 'one', user: 'aisha', heartbeat: 25 });

test('R3: what comes twice is taken once', () => {
  for (const seq of [1, 2, 2, 1, 3, 3]) event(seq);
  expect(taken).toEqual([1, 2, 3]);
});

test('O3: a missing one is asked for once, and nothing is taken before it', () => {
  for (const seq of [1, 2, 5, 6]) event(seq);
  expect(taken).toEqual([1, 2]);
  expect(told).toEqual([{ type: 'subscribe', room: 'room', after: 2 }]);
  for (const seq of [3, 4, 5, 6]) event(seq);
  caughtUp(6);
  event(8);
  expect(taken).toEqual([1, 2, 3, 4, 5, 6]);
  expect(told.at(-1)).toEqual({ type: 'subscribe', room: 'room', after: 6 });
});

test('resumes every room from where it is', () => {
  welcome();
  event(4);
  following.opened('other', 9);
  expect(following.resume()).toEqual({ epoch: 'one', rooms: { room: 4, other: 9 } });
});

test('the first hello resumes nothing; rooms that were read before are asked for then', () => {
  isOnline = false;
  following.opened('room', 3);
  expect(following.resume()).toBeUndefined();
  isOnline = true;
  welcome();
  expect(told).toEqual([{ type: 'subscribe', room: 'room', after: 3 }]);
});

test('what was opened between hello and welcome is asked for', () => {
  welcome();
  event(1);
  isOnline = false;
  following.resume();
  following.opened('late', 5);
  isOnline = true;
  welcome();
  expect(told).toEqual([{ type: 'subscribe', room: 'late', after: 5 }]);
});

test('caught up further than we are means that something is missing', () => {
  following.opened('room', 3);
  told.length = 0;
  for (const seq of [4, 5]) event(seq);
  caughtUp(5);
  caughtUp(7);
  expect(told).toEqual([{ type: 'subscribe', room: 'room', after: 5 }]);
});

test('after a resync it goes on from there', () => {
  event(7);
  following.resync({ type: 'resync', room: 'room', reason: 'epoch', seq: 3 });
  event(4);
  expect(taken).toEqual([7, 4]);
  following.resync({ type: 'resync', room: 'room', reason: 'gone', seq: null });
  expect(following.seq('room')).toBe(0);
});

test('staff stop following when the last view is closed', () => {
  following.opened('room', null);
  following.opened('room', 1);
  following.closed('room', true);
  expect(told).toHaveLength(1);
  following.closed('room', true);
  expect(told.at(-1)).toEqual({ type: 'unsubscribe', room: 'room' });
});

test('marks are gathered, and never fall back', async () => {
  for (const seq of [3, 5, 4]) following.mark('room', 'delivered', seq);
  following.mark('room', 'read', 2);
  await clock.pass(300);
  expect(commands).toEqual([
    { type: 'delivered', room: 'room', seq: 5 },
    { type: 'read', room: 'room', seq: 2 },
  ]);
  following.mark('room', 'delivered', 5);
  await clock.pass(300);
  expect(commands).toHaveLength(2);
});

test('who has read has received', async () => {
  following.mark('room', 'delivered', 5);
  following.mark('room', 'read', 5);
  await clock.pass(300);
  expect(commands).toEqual([{ type: 'read', room: 'room', seq: 5 }]);
});

test('a mark that was interrupted is told again', async () => {
  refuse = new OrderchatError({});
  following.mark('room', 'read', 5);
  await clock.pass(250);
  isOnline = false;
  await clock.pass(10_000);
  [refuse, isOnline] = [null, true];
  welcome();
  await clock.pass(300);
  expect(commands).toEqual([{ type: 'read', room: 'room', seq: 5 }]);
});

test('a mark that was refused for good is let go', async () => {
  refuse = new OrderchatError({ status: 404 });
  following.mark('room', 'read', 5);
  await clock.pass(10_000);
  refuse = null;
  await clock.pass(10_000);
  await settled();
  expect(commands).toEqual([]);
});

test('R7: only who takes part in a room tells how far they are', async () => {
  const told = async (seq: number) => {
    const marked = following.mark('room', 'delivered', seq);
    await clock.pass(300);
    return [marked, commands.splice(0).length];
  };
  isIn = false;
  expect(await told(1)).toEqual([false, 0]);
  isIn = true;
  expect(await told(1)).toEqual([true, 1]);
  // Of a room that nobody has read yet, events come to those who are in it; it is over with the last of them.
  isIn = undefined;
  expect(await told(2)).toEqual([false, 0]);
  event(2);
  expect(await told(2)).toEqual([true, 1]);
  following.ended('room');
  expect(await told(3)).toEqual([false, 0]);
});
