import { OrderchatError, type MessageView } from '@orderchat/sdk';
import { toRows } from '@orderchat/sdk/view';
import { describe, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { words } from '../i18n/errors.js';
import { message } from '../test/messages.js';
import { day, full, short } from '../text/format.js';
import { newestUpdates, seenStill, unseenIn } from './rows.js';
import Notice from './Notice.svelte';
import TypingLine from './TypingLine.svelte';
import Updates from './Updates.svelte';

const update = (seq: number, content: string, metadata: object | null, more = {}) =>
  message(seq, {
    message_type: 'delivery_update',
    is_system_message: true,
    sender: null,
    content,
    metadata: metadata as never,
    ...more,
  });

describe('Updates', () => {
  it('T12: status, time, arrival and one thing to do; what follows is a step of the same card', async () => {
    const ontrack = vi.fn();
    const screen = await render(Updates, {
      messages: [
        update(1, 'Ravi took the order over', { update_type: 'assigned', rider: 'Ravi' }),
        update(2, 'On the way', { to: 'picked_up', eta: '2026-11-29T12:40:00Z' }),
      ],
      position: 1,
      total: 1,
      ontrack,
    });
    const card = document.querySelector('article')!;
    expect(card.querySelectorAll('li')).toHaveLength(2);
    expect(card.querySelectorAll('li time')).toHaveLength(2);
    expect(card.querySelector('li.now')?.textContent).toContain('On the way');
    expect(card.textContent).toMatch(/Arrives \d+:40/);
    expect(card.querySelectorAll('button')).toHaveLength(1);
    await screen.getByRole('button', { name: 'Track' }).click();
    expect(ontrack).toHaveBeenCalledOnce();
  });

  it('T12: a card of an unknown sort is its text', async () => {
    const odd = update(1, 'The drone has landed', { update_type: 'drone', payload: { a: [1] } });
    await render(Updates, { messages: [odd], position: 1, total: 1 });
    await render(Updates, {
      messages: [update(2, 'No metadata at all', null)],
      position: 1,
      total: 1,
    });
    const texts = [...document.querySelectorAll('li .text')].map((one) => one.textContent);
    expect(texts).toEqual(['The drone has landed', 'No metadata at all']);
  });
});

describe('newestUpdates', () => {
  it('T12: only the newest card leads to where the order is', () => {
    const updates = (key: string) => ({ kind: 'updates' as const, key, messages: [] });
    const day = { kind: 'day' as const, key: 'd', day: '2026-11-29', at: '2026-11-29T12:00:00Z' };
    expect(newestUpdates([updates('u1'), day, updates('u2'), { ...day, key: 'e' }])).toBe('u2');
    expect(newestUpdates([day])).toBeNull();
  });
});

describe('Notice', () => {
  it('T11: what the system says is centred and no bubble', async () => {
    await render(Notice, {
      message: message(1, { content: 'Ravi joined' }),
      position: 1,
      total: 1,
    });
    const row = document.querySelector('[data-system]')!;
    const centre = ({ left, right }: DOMRect) => (left + right) / 2;
    const text = row.querySelector('p')!.getBoundingClientRect();
    expect(Math.abs(centre(text) - centre(row.getBoundingClientRect()))).toBeLessThan(1);
    expect(row.querySelector('.bubble')).toBeNull();
  });
});

describe('TypingLine', () => {
  it('R5: one name, two names, several people, always as high', async () => {
    const { rerender } = await render(TypingLine, { names: [] });
    const line = document.querySelector<HTMLElement>('.typing')!;
    const height = line.offsetHeight;
    expect(height).toBeGreaterThan(0);
    for (const [names, text] of [
      [['Ravi'], 'Ravi is typing…'],
      [['Ravi', 'Mei'], 'Ravi and Mei are typing…'],
      [['Ravi', 'Mei', 'Sam'], 'Several people are typing…'],
      [[], ''],
    ] as const) {
      await rerender({ names });
      expect(line.textContent?.trim()).toBe(text);
      expect(line.offsetHeight).toBe(height);
    }
  });
});

describe('dates', () => {
  const now = new Date(2026, 10, 29, 0, 30);
  const daysAgo = (days: number) => new Date(2026, 10, 29 - days, 23, 59);

  it('T1: Today, Yesterday, the weekday within a week, else the whole date', () => {
    expect(day(now, now)).toBe('Today');
    expect(day(daysAgo(1), now)).toBe('Yesterday');
    expect(day(daysAgo(2), now)).toBe('Friday');
    expect(day(daysAgo(6), now)).toBe('Monday');
    expect(day(daysAgo(7), now)).toMatch(/22/);
    expect(day(daysAgo(7), now)).toMatch(/November/);
  });

  it('I2: a list says the time today, the day this week, else the date; the whole is one look away', () => {
    expect(short(now, now)).toMatch(/30/);
    expect(short(daysAgo(1), now)).toBe('Sat');
    expect(short(daysAgo(30), now)).toMatch(/26/);
    expect(full(now)).toMatch(/Sunday.*2026/);
  });
});

describe('words', () => {
  const problem = (status: number, more: object = {}) => {
    const error = new OrderchatError({ status, title: 'Raw', detail: 'the room is full', ...more });
    return words(error);
  };

  it('E3: every way to fail has words of its own', () => {
    const said = [401, 404, 413, 415, 429, 500, 507].map((status) => problem(status));
    expect(new Set(said).size).toBe(said.length);
    for (const text of said) expect(text).not.toMatch(/Raw|the room is full/);
    // Of these only the server knows which rule was meant.
    for (const status of [403, 409, 422]) expect(problem(status)).toBe('The room is full.');
    expect(words(new OrderchatError({}))).toContain('cannot be reached');
    expect(words(new TypeError('undefined is not a function'))).toBe('Something went wrong.');
  });
});

describe('seenStill', () => {
  const rows = (...messages: MessageView[]) => toRows(messages, { me: 'p1' });
  const from = (first: number, last: number, id = '') =>
    Array.from({ length: last - first + 1 }, (_, at) =>
      message(first + at, id ? { id: `${id}${first + at}` } : {}),
    );
  const before = rows(...from(1, 50));

  it('T7: whose server was set back has seen what is still there, and nothing that came since', () => {
    const lost = rows(...from(1, 40));
    expect(seenStill(50, before, lost, true)).toBe(40);
    const grown = rows(...from(1, 40), ...from(41, 45, 'new'));
    expect(seenStill(50, before, grown, true)).toBe(40);
    expect(unseenIn(grown, seenStill(50, before, grown, true))).toBe(5);
    const over = rows(...from(1, 40), ...from(41, 60, 'new'));
    expect(unseenIn(over, seenStill(50, before, over, true))).toBe(20);
    expect(seenStill(500, rows(...from(451, 500)), lost, true)).toBe(40);
  });

  it('T7: a card of the order of which one has seen a part counts like its messages', () => {
    const card = rows(...from(1, 40), update(41, 'a', null), update(42, 'b', null));
    expect(seenStill(41, card, rows(...from(1, 40)), true)).toBe(40);
    expect(seenStill(41, card, card, true)).toBe(41);
  });

  it('T7: who goes elsewhere, and whatever comes or goes at either end, changes nothing', () => {
    expect(seenStill(50, before, rows(...from(1, 60)), true)).toBe(50);
    expect(seenStill(50, before, rows(...from(20, 50)), true)).toBe(50);
    expect(seenStill(500, rows(...from(451, 500)), before, false)).toBe(500);
    expect(seenStill(500, before, rows(...from(455, 505)), true)).toBe(500);
    expect(seenStill(50, before, [], true)).toBe(50);
    expect(seenStill(0, [], before, true)).toBe(0);
  });
});
