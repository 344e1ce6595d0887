import { expect, test } from 'vitest';
import { message, participant } from '../tests/fakes.js';
import { receiptOf } from './receipts.js';

const mine = message(10, { sender: 'me' });
const me = participant('me', { delivered_seq: 10, read_seq: 10 });

test('R2: the status is that of whoever is furthest, the numbers tell the rest', () => {
  const others = [
    participant('a', { delivered_seq: 12, read_seq: 11 }),
    participant('b', { delivered_seq: 10, read_seq: 4 }),
    participant('c'),
  ];
  expect(receiptOf(mine, [me, ...others])).toEqual({
    status: 'read',
    delivered: 2,
    read: 1,
    of: 3,
  });
  expect(receiptOf(mine, [me, ...others.slice(1)]).status).toBe('delivered');
  expect(receiptOf(mine, [me]).status).toBe('sent');
});

test('it never falls back, whoever leaves', () => {
  expect(receiptOf({ ...mine, status: 'read' }, [me, participant('c')]).status).toBe('read');
  const gone = participant('a', { delivered_seq: 10, read_seq: 10, is_active: false });
  expect(receiptOf(mine, [me, gone])).toMatchObject({ status: 'read', of: 1 });
});

test('who left before has no part in it', () => {
  expect(receiptOf(mine, [me, participant('a', { is_active: false })]).of).toBe(0);
});

test('a file that was rejected stays rejected', () => {
  const failed = { ...mine, status: 'failed' as const };
  expect(
    receiptOf(failed, [me, participant('a', { read_seq: 20, delivered_seq: 20 })]).status,
  ).toBe('failed');
});
