import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import { FakeClock, settled } from '../tests/fakes.js';
import { DraftStore } from './drafts.js';
import { OrderchatError } from './errors.js';
import { Kept } from './kept.js';
import { indexedDbStorage } from './indexeddb.js';
import { defaultStorage, memoryStorage } from './storage.js';
import type { Storage } from './types.js';

for (const [name, storage] of [
  ['memory', memoryStorage()],
  ['IndexedDB', indexedDbStorage('a')],
] as const) {
  test(`${name} keeps by key, and lists by prefix in order`, async () => {
    await storage.set('a/2', { text: 'two' });
    await storage.set('a/1', 'one');
    await storage.set('b/1', 'other');
    expect(await storage.get('a/1')).toBe('one');
    expect(await storage.entries('a/')).toEqual([
      ['a/1', 'one'],
      ['a/2', { text: 'two' }],
    ]);
    await storage.delete('a/1');
    expect(await storage.get('a/1')).toBeUndefined();
  });
}

test('IndexedDB outlives the one who wrote', async () => {
  await indexedDbStorage('b').set('key', new Blob(['bytes']));
  expect(await indexedDbStorage('b').get('key')).toBeDefined();
});

test('without IndexedDB it is memory', async () => {
  const open = indexedDB.open;
  indexedDB.open = () => {
    throw new DOMException('not in private windows', 'SecurityError');
  };
  const storage = defaultStorage();
  await storage.set('key', 1);
  expect(await storage.get('key')).toBe(1);
  indexedDB.open = open;
});

const keeping = (clock: FakeClock, storage: Storage, drafts: DraftStore) =>
  new Kept({
    clock,
    storage,
    drafts: drafts.all,
    locks: undefined,
    Failure: OrderchatError,
    found() {},
  });

test('C3: a draft survives a reload, by user and room', async () => {
  const [clock, storage] = [new FakeClock(), memoryStorage()];
  const page = async (user: string) => {
    const drafts = new DraftStore();
    const kept = keeping(clock, storage, drafts);
    await kept.setUser(user);
    await settled();
    return { drafts, kept };
  };
  const { drafts } = await page('aisha');
  drafts.set('room', { content: 'half a sen' });
  drafts.set('gone', { content: 'x' });
  drafts.set('gone', { content: ' ' });
  await clock.pass(300);
  const after = await page('aisha');
  expect([...after.drafts.value]).toEqual([['room', { content: 'half a sen' }]]);
  expect((await page('ravi')).drafts.value.size).toBe(0);
  after.drafts.set('room', null);
  await clock.pass(300);
  expect((await page('aisha')).drafts.value.size).toBe(0);
});

test('drafts of one user are put aside for another, and forgotten when one signs out', async () => {
  const [clock, storage, drafts] = [new FakeClock(), memoryStorage(), new DraftStore()];
  const kept = keeping(clock, storage, drafts);
  drafts.set('early', { content: 'before one is known' });
  await kept.setUser('aisha');
  await settled();
  drafts.set('room', { content: 'mine' });
  await kept.setUser('ravi');
  await settled();
  expect(drafts.value.size).toBe(0);
  await kept.setUser('aisha');
  await settled();
  expect([...drafts.value.keys()].sort()).toEqual(['early', 'room']);
  await kept.close(true);
  expect(await storage.entries('')).toEqual([]);
});
