import { expect, test } from 'vitest';
import { message } from '../tests/fakes.js';
import { type RowOptions, toRows } from './rows.js';
import type { PendingMessage } from './types.js';
import type { MessageView } from './wire.js';

const options: RowOptions = { me: 'me', timeZone: 'UTC' };
const kinds = (messages: readonly MessageView[], more: Partial<RowOptions> = {}) =>
  toRows(messages, { ...options, ...more }).map(({ kind }) => kind);
const update = (seq: number) =>
  message(seq, { message_type: 'order_update', sender: null, is_system_message: true });

const pending = (at: string): PendingMessage => ({
  clientMessageId: 'key',
  room: 'room',
  content: 'mine',
  replyTo: null,
  metadata: null,
  file: null,
  attachment: null,
  createdAt: Date.parse(at),
  state: 'waiting',
  error: null,
  retryAt: null,
});

test('T1: one separator before the first message of each local day', () => {
  const late = message(1, { timestamp: '2026-11-28T23:30:00.000Z' });
  const early = message(2, { timestamp: '2026-11-29T00:30:00.000Z' });
  expect(kinds([late, early])).toEqual(['day', 'message', 'day', 'message']);
  // In Berlin it is one day.
  expect(kinds([late, early], { timeZone: 'Europe/Berlin' })).toEqual([
    'day',
    'message',
    'message',
  ]);
});

test('T1: exactly one a day after older messages come in', () => {
  const [old, older] = [message(2), message(1)];
  const rows = toRows([older, old], options);
  expect(rows.filter(({ kind }) => kind === 'day')).toHaveLength(1);
  expect(rows[0]).toMatchObject({ kind: 'day', day: '2026-11-29', at: older.timestamp });
});

test('T3: messages of one author within five minutes are a group', () => {
  const messages = [message(1), message(2), message(3), message(9), message(10, { sender: 'mei' })];
  const places = toRows(messages, options).flatMap((row) =>
    row.kind === 'message' ? [`${row.first ? 'F' : '-'}${row.last ? 'L' : '-'}`] : [],
  );
  expect(places).toEqual(['F-', '--', '-L', 'FL', 'FL']);
});

test('T3: a day, a card, the divider and an edit break a group', () => {
  const places = (messages: MessageView[], more: Partial<RowOptions> = {}) =>
    toRows(messages, { ...options, ...more }).flatMap((row) =>
      row.kind === 'message' ? [row.first && row.last] : [],
    );
  expect(places([message(1), update(2), message(3)])).toEqual([true, true]);
  expect(places([message(1), message(2)], { unreadAfter: 1 })).toEqual([true, true]);
  expect(places([message(1), message(2, { is_edited: true }), message(3)])).toEqual([
    true,
    true,
    true,
  ]);
});

test('T4: one divider, before the first unread message of another author', () => {
  const messages = [message(1), message(2, { sender: 'me' }), message(3), message(4)];
  const rows = toRows(messages, { ...options, unreadAfter: 1 });
  expect(rows.map(({ kind }) => kind)).toEqual([
    'day',
    'message',
    'message',
    'unread',
    'message',
    'message',
  ]);
  expect(rows.find(({ kind }) => kind === 'unread')).toMatchObject({ count: 2 });
});

test('T4: own, deleted and system messages are not what is new', () => {
  const messages = [
    message(1, { sender: 'me' }),
    message(2, { is_deleted: true }),
    message(3, { message_type: 'system', sender: null, is_system_message: true }),
  ];
  expect(kinds(messages, { unreadAfter: 0 })).not.toContain('unread');
});

test('T12: consecutive updates are one card, until somebody speaks', () => {
  const rows = toRows([update(1), update(2), message(3), update(4)], options);
  expect(rows.map(({ kind }) => kind)).toEqual(['day', 'updates', 'message', 'updates']);
  expect(rows[1]).toMatchObject({ messages: [{ seq: 1 }, { seq: 2 }] });
});

test('T11: system messages are rows of their own, own messages are marked', () => {
  const system = message(1, { message_type: 'system', sender: null, is_system_message: true });
  const rows = toRows([system, message(2, { sender: 'me' }), message(3)], options);
  expect(rows.map((row) => (row.kind === 'message' ? row.own : row.kind))).toEqual([
    'day',
    'system',
    true,
    false,
  ]);
});

test('a row keeps its key when its message is accepted', () => {
  const before = toRows([], { ...options, pending: [pending('2026-11-29T09:01:00Z')] });
  const after = toRows([message(1, { sender: 'me', client_message_id: 'key' })], options);
  expect(before.at(-1)!.key).toBe(after.at(-1)!.key);
});

test('own messages on their way continue the group', () => {
  const rows = toRows([message(1, { sender: 'me' })], {
    ...options,
    pending: [pending('2026-11-29T09:02:00Z')],
  });
  expect(rows.slice(1)).toMatchObject([
    { kind: 'message', first: true, last: false },
    { kind: 'pending', first: false, last: true },
  ]);
});

test('the start of the conversation is a row when nothing is older', () => {
  expect(kinds([message(1)], { isStart: true })).toEqual(['start', 'day', 'message']);
});

test('keys are there once', () => {
  const messages = Array.from({ length: 500 }, (_, at) =>
    at % 7 ? message(at + 1) : update(at + 1),
  );
  const keys = toRows(messages, { ...options, unreadAfter: 100, isStart: true }).map(
    ({ key }) => key,
  );
  expect(new Set(keys).size).toBe(keys.length);
});

test('2,000 messages are rows in a few milliseconds', () => {
  const messages = Array.from({ length: 2_000 }, (_, at) => message(at + 1));
  toRows(messages, options);
  const start = performance.now();
  for (let turn = 0; turn < 10; turn += 1) toRows(messages, options);
  expect((performance.now() - start) / 10).toBeLessThan(40);
});
