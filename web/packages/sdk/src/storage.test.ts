import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import { FakeClock, settled } from '../tests/fakes.js';
import { DraftStore } from './drafts.js';
import { indexedDbStorage } from './indexeddb.js';
import { defaultStorage, memoryStorage } from './storage.js';

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

test('C3: a draft survives a reload, by user and room', async () => {
  const [clock, storage] = [new FakeClock(), memoryStorage()];
  const drafts = async (user: string) => {
    const made = new DraftStore(clock, storage);
    await made.setUser(user);
    return made;
  };
  const before = await drafts('aisha');
  before.set('room', { content: 'half a sen' });
  before.set('gone', { content: 'x' });
  before.set('gone', { content: ' ' });
  await clock.pass(300);
  const after = await drafts('aisha');
  expect([...after.value]).toEqual([['room', { content: 'half a sen' }]]);
  expect((await drafts('ravi')).value.size).toBe(0);
  await after.close(true);
  await settled();
  expect((await drafts('aisha')).value.size).toBe(0);
});
