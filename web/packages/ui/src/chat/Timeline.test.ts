import { OrderchatError } from '@orderchat/sdk';
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

  it('T6: follows what comes faster than it can be measured, whether it is less or more than expected', async () => {
    const texts = [...list(1, 60), ...list(61, 400).map((one) => ({ ...one, content: 'short' }))];
    const tall = texts.map((one, at) =>
      at % 40 > 30 ? { ...one, content: 'tall '.repeat(150) } : one,
    );
    const shown = await render(TimelineHost, { messages: tall.slice(0, 60) });
    await settled();
    for (let count = 60; count <= 400; count += 5) {
      void shown.rerender({ messages: tall.slice(0, count) });
      await (count % 2 ? frame() : new Promise((done) => setTimeout(done)));
    }
    await vi.waitFor(() => expect(top('m400')).toBeDefined());
    await vi.waitFor(() => expect(gap()).toBeLessThanOrEqual(1));
  });

  it('T6: the end is where the list says, whatever hangs out of a row that is to be measured', async () => {
    await render(TimelineHost, { messages: list(1, 100) });
    await settled();
    const before = log().scrollHeight;
    const last = [...log().querySelectorAll<HTMLElement>('[data-row]')].at(-1)!;
    last.style.blockSize = `${last.offsetHeight + 100}px`;
    expect(log().scrollHeight).toBe(before);
    await vi.waitFor(() => expect(log().scrollHeight).toBeGreaterThan(before + 90));
    expect(gap()).toBeLessThanOrEqual(1);
  });

  it('T6: who goes up just when something comes, or just after going to the end, is not fetched back', async () => {
    const shown = await render(TimelineHost, { messages: list(1, 100) });
    await settled();
    log().scrollTop -= 600;
    await shown.rerender({ messages: list(1, 101) });
    for (let frames = 0; frames < 4; frames += 1) await frame();
    expect(gap()).toBeGreaterThan(500);
    const button = shown.getByRole('button', { name: /Go to the newest/ });
    await button.click();
    await expect.element(button).not.toBeInTheDocument();
    log().scrollTop -= 600;
    await expect.element(button).toBeInTheDocument();
    for (let frames = 0; frames < 8; frames += 1) await frame();
    expect(gap()).toBeGreaterThan(500);
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

  it('T8: ten pages in a row, and what is looked at stays where it is', async () => {
    let [from, asked] = [1001, 0];
    let arrive = () => {};
    const onolder = () => {
      asked += 1;
      return new Promise<void>((done) => (arrive = done));
    };
    const shown = await render(TimelineHost, { messages: list(from, 1060), onolder });
    await settled();
    const { height } = log().querySelector('.top')!.getBoundingClientRect();
    for (let page = 1; page <= 10; page += 1) {
      log().scrollTop = 300;
      await vi.waitFor(() => expect(asked).toBe(page));
      await frame();
      await frame();
      const edge = log().getBoundingClientRect().top;
      const anchor = [...log().querySelectorAll<HTMLElement>('[data-row]')].find(
        (row) => row.getBoundingClientRect().top > edge + 20,
      )!.dataset['row']!;
      const before = top(anchor)!;
      from -= 50;
      await shown.rerender({ messages: list(from, 1060), onolder });
      arrive();
      for (let frames = 0; frames < 14; frames += 1) {
        await frame();
        expect(Math.abs(top(anchor)! - before), `page ${page}, frame ${frames}`).toBeLessThan(2);
      }
    }
    // The row above all is as high with the spinner as with the card of the beginning.
    await shown.rerender({ messages: list(from, 1060), onolder, hasOlder: false });
    log().scrollTop = 0;
    await vi.waitFor(() => expect(log().querySelector('.top')!.textContent).toContain('Start'));
    expect(log().querySelector('.top')!.getBoundingClientRect().height).toBe(height);
  });

  it('T2: a date floats while one scrolls, and is gone at rest', async () => {
    const old = list(1, 200).map((one) => ({ ...one, timestamp: '2026-11-28T10:00:00Z' }));
    await render(TimelineHost, { messages: [...old, ...list(201, 300)] });
    await settled();
    const floating = () => document.querySelector<HTMLElement>('.floating')!;
    const opacity = () => Number(getComputedStyle(floating()).opacity);
    expect(opacity()).toBe(0);
    log().scrollTop -= 200;
    await vi.waitFor(() => expect(opacity()).toBe(1));
    expect(floating().textContent).toBe('Today');
    log().scrollTop = 1500;
    await vi.waitFor(() => expect(floating().textContent).toBe('Yesterday'));
    await vi.waitFor(() => expect(opacity()).toBe(0), { timeout: 3000 });
  });

  it('T7: away from the end a button says how many are new, and goes there', async () => {
    const shown = await render(TimelineHost, { messages: list(1, 100) });
    await settled();
    const button = shown.getByRole('button', { name: /Go to the newest/ });
    await expect.element(button).not.toBeInTheDocument();
    log().scrollTop -= 600;
    await expect.element(button).toHaveAccessibleName('Go to the newest');
    const own = { ...message(104), sender: 'p1' };
    await shown.rerender({ messages: [...list(1, 103), own] });
    await expect.element(button).toHaveAccessibleName('Go to the newest: 3 new messages');
    await expect.element(button).toHaveTextContent(/^\s*3$/);
    await button.click();
    await expect.element(button).not.toBeInTheDocument();
    expect(gap()).toBeLessThanOrEqual(1);
    log().scrollTop -= 600;
    await expect.element(button).toHaveAccessibleName('Go to the newest');
  });

  it('T6: who asks for the oldest unread and sees it at the end is still there', async () => {
    const given = { unreadAfter: 99 };
    const shown = await render(TimelineHost, { messages: list(1, 100), ...given });
    await settled();
    (shown.component as unknown as { oldestUnread(): void }).oldestUnread();
    for (let frames = 0; frames < 8; frames += 1) await frame();
    await shown.rerender({ messages: list(1, 103), ...given });
    await vi.waitFor(() => expect(top('m103')).toBeDefined());
    await vi.waitFor(() => expect(gap()).toBeLessThanOrEqual(1));
  });

  it('T6: while the list scrolls, by itself, too, what is pressed there is pressed', async () => {
    await render(TimelineHost, { messages: list(1, 100) });
    await settled();
    const scrolled = new Promise((done) => log().addEventListener('scroll', done, { once: true }));
    log().scrollTop -= 100;
    await scrolled;
    await frame();
    const { left, top: above, width, height } = log().getBoundingClientRect();
    const under = document.elementFromPoint(left + width / 2, above + height / 2);
    expect(under?.closest('[data-row]')).toBeTruthy();
  });

  it('K1: who sets out for the end while the way to the beginning still loads is not fetched back', async () => {
    let arrive = () => {};
    const onfirst = () => new Promise<void>((done) => (arrive = done));
    await render(TimelineHost, { messages: list(1, 300), onfirst });
    await settled();
    const press = (key: string) =>
      log().dispatchEvent(new KeyboardEvent('keydown', { key, ctrlKey: true, bubbles: true }));
    press('Home');
    press('End');
    for (let frames = 0; frames < 6; frames += 1) await frame();
    arrive();
    for (let frames = 0; frames < 6; frames += 1) await frame();
    expect(gap()).toBeLessThanOrEqual(1);
    press('Home');
    arrive();
    await vi.waitFor(() => expect(log().scrollTop).toBe(0));
  });

  it('K2: no arrow is lost that comes before the last one is drawn, also far from what is shown', async () => {
    await render(TimelineHost, { messages: list(1, 300) });
    await settled();
    log().focus();
    const key = (name: string) =>
      document.activeElement!.dispatchEvent(
        new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }),
      );
    const at = () =>
      document.activeElement!.closest<HTMLElement>('[data-row]')?.dataset['row'] ?? null;
    for (let times = 0; times < 3; times += 1) key('ArrowUp');
    await vi.waitFor(() => expect(at()).toBe('m298'));
    // The rows between are not even mounted.
    for (let times = 0; times < 60; times += 1) key('ArrowUp');
    await vi.waitFor(() => expect(at()).toBe('m238'));
    key('ArrowDown');
    await vi.waitFor(() => expect(at()).toBe('m239'));
  });

  it('K2, A4: the focus that one has taken elsewhere stays there', async () => {
    await render(TimelineHost, { messages: list(1, 300) });
    await settled();
    log().focus();
    for (let times = 0; times < 60; times += 1)
      log().dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true }));
    const box = document.body.appendChild(document.createElement('input'));
    box.focus();
    for (let frames = 0; frames < 8; frames += 1) await frame();
    expect(document.activeElement).toBe(box);
    box.remove();
  });

  it('A2: the timeline is a log that reads nothing aloud by itself, and one stop', async () => {
    await render(TimelineHost, { messages: list(1, 20) });
    await settled();
    expect(log().getAttribute('aria-live')).toBe('off');
    expect(log().getAttribute('aria-label')).toBe('Talk');
    expect(log().tabIndex).toBe(0);
  });

  it('T7: a server that was set back has other messages of these numbers, and they are new', async () => {
    const shown = await render(TimelineHost, { messages: list(1, 100) });
    await settled();
    log().scrollTop -= 1500;
    const jump = () => document.querySelector('.latest');
    await vi.waitFor(() => expect(jump()).not.toBeNull());
    const others = list(91, 94).map((one) => ({ ...one, id: `other ${one.seq}` }));
    await shown.rerender({ messages: [...list(1, 90), ...others.slice(0, 1)] });
    await vi.waitFor(() => expect(jump()?.textContent.trim()).toBe('1'));
    await shown.rerender({ messages: [...list(1, 90), ...others] });
    await vi.waitFor(() => expect(jump()?.textContent.trim()).toBe('4'));
  });

  it.each(['older', 'newer'] as const)(
    'T8 E3: that a page of %s ones is not there is said where it would stand, with a way to ask again',
    async (way) => {
      const load = vi.fn(() => Promise.reject(new OrderchatError({ status: 503 })));
      const props = { hasOlder: way === 'older', hasNewer: way === 'newer' };
      const messages = list(101, 200);
      const shown = await render(TimelineHost, {
        messages,
        ...props,
        [`on${way}`]: load,
      });
      await settled();
      const edge = () => (way === 'older' ? 0 : log().scrollHeight);
      const alert = () => log().querySelector('[role=alert]');
      log().scrollTop = edge();
      await vi.waitFor(() => expect(alert()).not.toBeNull());
      const tried = load.mock.calls.length;
      // Not again and again by itself.
      for (let steps = 0; steps < 5; steps += 1) {
        log().scrollTop += way === 'older' ? 20 : -20;
        await frame();
      }
      expect(load).toHaveBeenCalledTimes(tried);
      log().scrollTop = edge();
      await frame();
      const box = log().getBoundingClientRect();
      const retry = log().querySelector<HTMLElement>('button')!;
      expect(retry.getBoundingClientRect().top).toBeGreaterThanOrEqual(box.top);
      expect(retry.getBoundingClientRect().bottom).toBeLessThanOrEqual(box.bottom);
      load.mockImplementation((() => Promise.resolve()) as never);
      retry.focus();
      retry.click();
      await vi.waitFor(() => expect(alert()).toBeNull());
      expect(load.mock.calls.length).toBeGreaterThan(tried);
      expect(document.activeElement).toBe(log());
      await shown.unmount();
    },
  );
});
