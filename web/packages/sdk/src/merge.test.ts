import { expect, test } from 'vitest';
import { message } from '../tests/fakes.js';
import { merge } from './merge.js';

const seqs = (list: readonly { seq: number }[]) => list.map(({ seq }) => seq);

test('messages are sorted by seq and there once, whatever order they come in', () => {
  const list = merge([], message(3), message(1), message(2), message(1), message(3));
  expect(seqs(list)).toEqual([1, 2, 3]);
});

test('of two states the one with the higher version stays', () => {
  const edited = message(1, { version: 5, content: 'new', is_edited: true });
  expect(merge([message(1)], edited)[0]).toMatchObject({ content: 'new', version: 5 });
  expect(merge([edited], message(1))[0]).toMatchObject({ content: 'new', version: 5 });
});

test('what events leave out is kept', () => {
  const own = message(1, { client_message_id: 'key', can_be_edited: true });
  const event = message(1, { version: 2, content: 'edited' });
  expect(merge([own], event)[0]).toMatchObject({
    content: 'edited',
    client_message_id: 'key',
    can_be_edited: true,
  });
});

test('a status never falls back', () => {
  const read = message(1, { status: 'read', read_at: '2026-11-29T09:05:00.000Z' });
  const edited = message(1, { version: 9, status: 'sent' });
  expect(merge([read], edited)[0]).toMatchObject({ status: 'read', version: 9 });
  expect(merge([edited], read)[0]).toMatchObject({ status: 'read', version: 9 });
});

test('nothing to merge is the same list', () => {
  const list = [message(1)];
  expect(merge(list)).toBe(list);
});

test('the order in which they arrive does not matter', () => {
  const states = [
    message(1),
    message(1, { version: 4, content: 'edited' }),
    message(1, { version: 7, content: '', is_deleted: true }),
    message(2),
  ];
  const orders = [
    [0, 1, 2, 3],
    [3, 2, 1, 0],
    [2, 0, 3, 1],
    [1, 3, 0, 2],
  ];
  const [first, ...others] = orders.map((order) => merge([], ...order.map((at) => states[at]!)));
  for (const other of others) expect(other).toEqual(first);
});
