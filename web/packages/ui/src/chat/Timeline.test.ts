import { describe, expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { message } from '../test/messages.js';
import TimelineHost from '../test/TimelineHost.svelte';

const words = 'the order is on its way and the bell is a little shy'.split(' ');
const list = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => {
    const seq = from + index;
    const length = 3 + ((seq * 37) % 60);
    return message(seq, {
      content: Array.from({ length }, (_, word) => words[(seq + word) % words.length]).join(' '),
    });
  });

const log = () => document.querySelector<HTMLElement>('[role=log]')!;
const gap = () => log().scrollHeight - log().scrollTop - log().clientHeight;
const frame = () => new Promise(requestAnimationFrame);
const settled = () => vi.waitFor(() => expect(log().dataset['settled']).toBe('true'));
const top = (key: string) =>
  log().querySelector(`[data-row="${key}"]`)?.getBoundingClientRect().top;

describe('Timeline', () => {
  it('T5: opens at the end, and mounts few rows', async () => {
    await render(TimelineHost, { messages: list(1, 2000) });
    await settled();
    expect(gap()).toBeLessThanOrEqual(1);
    expect(log().querySelectorAll('[data-row]').length).toBeLessThan(60);
  });

  it('T5: opens with the divider in the upper third', async () => {
    await render(TimelineHost, { messages: list(1, 200), unreadAfter: 150 });
    await settled();
    const divider = log().querySelector('.unread')!.getBoundingClientRect();
    const box = log().getBoundingClientRect();
    expect(divider.top).toBeGreaterThanOrEqual(box.top);
    expect(divider.top - box.top).toBeLessThan(box.height / 3);
  });

  it('T6: follows the end while the reader is there', async () => {
    const shown = await render(TimelineHost, { messages: list(1, 100) });
    await settled();
    await shown.rerender({ messages: list(1, 101) });
    await vi.waitFor(() => expect(top('m101')).toBeDefined());
    await frame();
    expect(gap()).toBeLessThanOrEqual(1);
  });

  it('T6, T8: what comes at both ends at once moves nobody', async () => {
    const shown = await render(TimelineHost, { messages: list(101, 200) });
    await settled();
    log().scrollTop = 900;
    await frame();
    await frame();
    const box = log().getBoundingClientRect();
    const anchor = [...log().querySelectorAll<HTMLElement>('[data-row]')].find(
      (row) => row.getBoundingClientRect().top > box.top + 50,
    )!;
    const key = anchor.dataset['row']!;
    const before = top(key)!;
    await shown.rerender({ messages: list(51, 205) });
    for (let frames = 0; frames < 14; frames++) {
      await frame();
      expect(Math.abs(top(key)! - before)).toBeLessThan(2);
    }
  });

  it('T8: asks for what is older before its top is reached', async () => {
    const onolder = vi.fn();
    await render(TimelineHost, { messages: list(1, 300), onolder });
    await settled();
    expect(onolder).not.toHaveBeenCalled();
    log().scrollTop = 400;
    await vi.waitFor(() => expect(onolder).toHaveBeenCalled());
  });
});
