import { beforeEach, expect, test } from 'vitest';
import { FakeClock, message, settled } from '../tests/fakes.js';
import { OrderchatError } from './errors.js';
import { Kept } from './kept.js';
import { Outbox } from './outbox.js';
import { Signal } from './signal.js';
import { memoryStorage } from './storage.js';
import type { Draft, PendingMessage, Storage } from './types.js';
import type { AttachmentView, MessageView } from './wire.js';

let clock: FakeClock;
let storage: Storage;
let isOnline: boolean;
/** What was given to the server, and the way to answer it. */
let sent: { item: PendingMessage; answer: (error?: OrderchatError) => Promise<void> }[];
let uploads: { signal: AbortSignal; done: () => Promise<void> }[];
let accepted: MessageView[];

beforeEach(() => {
  clock = new FakeClock();
  storage = memoryStorage();
  isOnline = true;
  [sent, uploads, accepted] = [[], [], []];
});

async function outbox(locks?: Pick<LockManager, 'request'>): Promise<Outbox> {
  const drafts = new Signal<ReadonlyMap<string, Draft>>(new Map());
  const found = (items: readonly PendingMessage[]) => made.found(items);
  const kept = new Kept({ clock, drafts, storage, locks, found, Failure: OrderchatError });
  const made: Outbox = new Outbox({
    clock,
    now: clock.now,
    connection: {
      get isOnline() {
        return isOnline;
      },
    },
    keeping: (ask) => Promise.resolve(kept).then(ask),
    send: (item) =>
      new Promise((resolve, reject) => {
        const answer = async (error?: OrderchatError) => {
          if (error) reject(error);
          else resolve(message(sent.length, { client_message_id: item.clientMessageId }));
          await settled();
        };
        sent.push({ item, answer });
      }),
    upload: (_, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () =>
          reject(new OrderchatError({ type: 'aborted', status: 499 })),
        );
        const done = async () => {
          resolve({ id: 'file-1' } as AttachmentView);
          await settled();
        };
        uploads.push({ signal, done });
      }),
    onAccepted: (one) => accepted.push(one),
  });
  await made.setUser('aisha');
  return made;
}

const states = (box: Outbox) => box.items.value.map(({ content, state }) => `${content} ${state}`);
const contents = () => sent.map(({ item }) => item.content);
const file = () => new File(['bytes'], 'photo.jpg', { type: 'image/jpeg' });
const busy = (retryAfter: number | null = null) =>
  new OrderchatError({ status: 429, title: 'Too many' }, { retryAfter });

test('one at a time in each room, in order; rooms do not wait for each other', async () => {
  const box = await outbox();
  for (const content of ['a', 'b']) box.add('room', { content });
  box.add('other', { content: 'c' });
  expect(contents()).toEqual(['a', 'c']);
  await sent[0]!.answer();
  expect(contents()).toEqual(['a', 'c', 'b']);
  expect(accepted).toHaveLength(1);
});

test('without a connection they wait, and go on with the next one', async () => {
  isOnline = false;
  const box = await outbox();
  box.add('room', { content: 'a' });
  expect(states(box)).toEqual(['a waiting']);
  isOnline = true;
  box.resume();
  expect(contents()).toEqual(['a']);
});

test('O2: interrupted while sending: again, under the same key, before the others', async () => {
  const box = await outbox();
  for (const content of ['a', 'b']) box.add('room', { content });
  isOnline = false;
  await sent[0]!.answer(new OrderchatError({}));
  expect(states(box)).toEqual(['a waiting', 'b waiting']);
  isOnline = true;
  box.resume();
  expect(contents()).toEqual(['a', 'a']);
  expect(sent[1]!.item.clientMessageId).toBe(sent[0]!.item.clientMessageId);
});

test('R3: its own event is an answer, too', async () => {
  const box = await outbox();
  const { clientMessageId } = box.add('room', { content: 'a' });
  box.seen(message(1, { client_message_id: clientMessageId }));
  expect(box.items.value).toEqual([]);
  await settled();
  expect(await storage.entries('')).toEqual([]);
});

test('too many: waits as long as the server says, and holds up what comes after it', async () => {
  const box = await outbox();
  for (const content of ['a', 'b']) box.add('room', { content });
  await sent[0]!.answer(busy(3));
  expect(box.items.value[0]).toMatchObject({ state: 'waiting', retryAt: clock.now() + 3000 });
  await clock.pass(2999);
  expect(contents()).toEqual(['a']);
  await clock.pass(1);
  expect(contents()).toEqual(['a', 'a']);
});

test('what fails again and again is tried less and less', async () => {
  const box = await outbox();
  box.add('room', { content: 'a' });
  const waits = [];
  for (let turn = 0; turn < 7; turn += 1) {
    await sent.at(-1)!.answer(new OrderchatError({ status: 503 }));
    waits.push(box.items.value[0]!.retryAt! - clock.now());
    await clock.pass(waits.at(-1)!);
  }
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16000, 30000, 30000]);
});

test('R4: refused for good: failed, the next one goes; retry keeps the key and the place', async () => {
  const box = await outbox();
  for (const content of ['a', 'b']) box.add('room', { content });
  await sent[0]!.answer(new OrderchatError({ status: 403, type: 'urn:orderchat:problem:muted' }));
  expect(states(box)).toEqual(['a failed', 'b sending']);
  box.retry(sent[0]!.item.clientMessageId);
  expect(states(box)).toEqual(['a waiting', 'b sending']);
  await sent[1]!.answer();
  expect(sent[2]!.item.clientMessageId).toBe(sent[0]!.item.clientMessageId);
  box.discard(sent[2]!.item.clientMessageId);
  expect(states(box)).toEqual(['a sending']); // it may be there already
});

test('R4: a failed one can be taken out', async () => {
  const box = await outbox();
  box.add('room', { content: 'a' });
  await sent[0]!.answer(new OrderchatError({ status: 422 }));
  box.discard(sent[0]!.item.clientMessageId);
  expect(box.items.value).toEqual([]);
  await settled();
  expect(await storage.entries('')).toEqual([]);
});

test('O2: survives a reload, in order, with what failed', async () => {
  isOnline = false;
  const before = await outbox();
  for (const content of ['a', 'b', 'c']) before.add('room', { content });
  isOnline = true;
  before.resume();
  await sent[0]!.answer(new OrderchatError({ status: 403, type: 'urn:x:muted', detail: 'no' }));
  isOnline = false;

  const after = await outbox();
  expect(states(after)).toEqual(['a failed', 'b waiting', 'c waiting']);
  expect(after.items.value[0]!.error).toMatchObject({ status: 403, code: 'muted', detail: 'no' });
  isOnline = true;
  after.resume();
  expect(sent.at(-1)!.item.clientMessageId).toBe(before.items.value[1]!.clientMessageId);
});

test('what one user left is not shown to another, nor lost', async () => {
  isOnline = false;
  const box = await outbox();
  box.add('room', { content: 'mine' });
  await box.setUser('ravi');
  expect(states(box)).toEqual([]);
  await box.setUser('aisha');
  expect(states(box)).toEqual(['mine waiting']);
});

/** Locks as the browser has them: who waits gets it when the holder is gone. */
function lockManager() {
  const held = new Map<string, Promise<unknown>>();
  const request = (async (name: string, take: () => Promise<unknown>) => {
    const before = held.get(name) ?? Promise.resolve();
    const mine = before.then(take);
    held.set(name, mine);
    return mine;
  }) as LockManager['request'];
  return { request };
}

test('only one tab sends; another one takes over when it is closed', async () => {
  const locks = lockManager();
  isOnline = false;
  const first = await outbox(locks);
  await settled();
  first.add('room', { content: 'a' });
  const second = await outbox(locks);
  isOnline = true;
  second.resume();
  await settled();
  expect(contents()).toEqual([]);

  await first.close(false);
  await settled();
  await settled();
  expect(contents()).toEqual(['a']);
});

test('U2: a file does not hold up a text, and becomes a message when it is there', async () => {
  const box = await outbox();
  box.add('room', { content: '' }, file());
  box.add('room', { content: 'text' });
  expect(states(box)).toEqual([' uploading', 'text sending']);
  await sent[0]!.answer();
  await uploads[0]!.done();
  expect(sent[1]!.item.attachment).toMatchObject({ id: 'file-1' });
});

test('R4: files become messages in their order, whichever is there first', async () => {
  const box = await outbox();
  box.add('room', { content: 'large' }, file());
  box.add('room', { content: 'small' }, file());
  await uploads[1]!.done();
  expect(sent).toEqual([]);
  await uploads[0]!.done();
  await sent[0]!.answer();
  expect(sent.map(({ item }) => item.content)).toEqual(['large', 'small']);
});

test('U2: cancelling ends the upload', async () => {
  const box = await outbox();
  const { clientMessageId } = box.add('room', { content: '' }, file());
  box.discard(clientMessageId);
  await settled();
  expect(uploads[0]!.signal.aborted).toBe(true);
  expect(box.items.value).toEqual([]);
});

test('two uploads at a time; the others wait for them', async () => {
  const box = await outbox();
  for (let count = 0; count < 4; count += 1) box.add('room', { content: `${count}` }, file());
  expect(uploads).toHaveLength(2);
  await uploads[0]!.done();
  await uploads[1]!.done();
  expect(uploads).toHaveLength(4);
});

test('signing out forgets', async () => {
  isOnline = false;
  const box = await outbox();
  box.add('room', { content: 'a' });
  await settled();
  await box.close(true);
  expect(await storage.entries('')).toEqual([]);
});
