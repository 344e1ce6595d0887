import { beforeEach, expect, test } from 'vitest';
import { message } from '../tests/fakes.js';
import { quoteOf } from './quote.js';
import type { Requests } from './rest.js';
import { Signal } from './signal.js';
import { Timeline } from './timeline.js';
import type { RoomState } from './types.js';
import type { MessageView, Page } from './wire.js';

let state: Signal<RoomState>;
let timeline: Timeline;
let answers: ((page: Page<MessageView>) => void)[];
beforeEach(() => {
  state = new Signal({
    id: 'room',
    messages: [],
    hasOlder: false,
    hasNewer: false,
  } as Partial<RoomState> as RoomState);
  answers = [];
  const get = () => new Promise((done) => answers.push(done));
  timeline = new Timeline({ get } as unknown as Requests, state, () => []);
});

const shown = (id: string) => state.value.messages.find((one) => one.id === id);
const page = (results: MessageView[], more: Partial<Page<MessageView>> = {}) =>
  ({ results, next: null, previous: null, ...more }) as Page<MessageView>;

async function load(...results: MessageView[]) {
  const loading = timeline.load(null);
  answers.shift()!(page(results));
  await loading;
}

const asked = message(1, { content: 'My number is 030 1234' });
const answer = (seq: number) => message(seq, { reply_to: quoteOf(asked) });

test('T14: what quotes a message that is deleted shows no word of it', async () => {
  await load(asked, message(2), answer(3));
  timeline.put({ ...asked, version: 4, content: '', is_deleted: true });
  expect(shown('m3')?.reply_to).toEqual({
    id: 'm1',
    seq: 1,
    sender_name: 'Ravi',
    excerpt: '',
    is_deleted: true,
  });
});

test('T14: a quote follows a change, and does not fall back to an older state', async () => {
  await load(asked, answer(2));
  timeline.put({ ...asked, version: 4, content: 'later' });
  timeline.put({ ...asked, version: 3, content: 'sooner' });
  expect(shown('m2')?.reply_to?.excerpt).toBe('later');
});

test('an answer is counted where it is new, once', async () => {
  await load(asked, message(2));
  const other = shown('m2');
  timeline.put(answer(3), true);
  timeline.put(answer(3), true);
  expect(shown('m1')?.reply_count).toBe(1);
  expect(shown('m2')).toBe(other);
});

test('an answer that overtakes the page is counted; one that is on it, the server has counted', async () => {
  const loading = timeline.load(null);
  timeline.put(answer(2), true);
  timeline.put(answer(3), true);
  answers.shift()!(page([{ ...asked, reply_count: 1 }, answer(2)]));
  await loading;
  expect(state.value.messages.map(({ id }) => id)).toEqual(['m1', 'm2', 'm3']);
  expect(shown('m1')?.reply_count).toBe(2);
});

test('what arrives while the rest is read is there when the end is', async () => {
  const loading = timeline.load(1);
  answers.shift()!(page([message(1), message(2)], { next: 'more' }));
  await loading;
  const growing = timeline.newer();
  timeline.put(message(5), true);
  expect(shown('m5')).toBeUndefined();
  answers.shift()!(page([message(3), message(4)]));
  await growing;
  expect(state.value.messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
  expect(state.value).toMatchObject({ hasNewer: false, loadingNewer: false });
});

test('what arrives waits for the end, however far it is', async () => {
  const loading = timeline.load(1);
  answers.shift()!(page([message(1)], { next: 'more' }));
  await loading;
  const growing = timeline.newer();
  timeline.put(message(5), true);
  answers.shift()!(page([message(2)], { next: 'more' }));
  await growing;
  expect(state.value.messages.map(({ seq }) => seq)).toEqual([1, 2]);
});

test('who goes on while another window is read loses nothing that arrives', async () => {
  const first = timeline.load(1);
  answers.shift()!(page([message(1)], { next: 'more' }));
  await first;
  const loading = timeline.load(null);
  timeline.put(message(3), true);
  const growing = timeline.newer();
  const [newest, next] = answers.splice(0);
  next!(page([message(2)]));
  await growing;
  newest!(page([message(1), message(2)]));
  await loading;
  expect(state.value.messages.map(({ seq }) => seq)).toEqual([1, 2, 3]);
});
