import type { PendingMessage } from '@orderchat/sdk';
import { OrderchatError } from '@orderchat/sdk';
import type { ComponentProps } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import type { Item } from '../primitives/Menu.svelte';
import { toast } from '../primitives/toasts.svelte.js';
import BubbleHost from '../test/BubbleHost.svelte';
import { conversation } from '../test/conversation.js';
import { message } from '../test/messages.js';
import type Bubble from './Bubble.svelte';
import { asMessage } from './context.js';

type Props = ComponentProps<typeof Bubble>;

async function bubble(more: Partial<Props> = {}, chat = conversation()) {
  const base: Props = {
    message: message(1),
    own: false,
    start: true,
    end: true,
    receipt: null,
    position: 1,
    total: 1,
  };
  const screen = await render(BubbleHost, {
    conversation: chat,
    bubble: { ...base, ...more } as Props,
  });
  return { chat, screen, row: document.querySelector<HTMLElement>('article')! };
}

const pending = (more: Partial<PendingMessage> = {}): PendingMessage => ({
  clientMessageId: 'key',
  room: 'r',
  content: 'On my way',
  replyTo: null,
  metadata: null,
  file: null,
  attachment: null,
  createdAt: Date.parse('2026-11-29T09:00:00Z'),
  state: 'sending',
  error: null,
  retryAt: null,
  ...more,
});

async function own(local: PendingMessage, chat = conversation()) {
  return bubble({ message: asMessage(local, null, 'rider'), local, own: true }, chat);
}

/** What the row's menu offers. */
function menuOf(row: HTMLElement, chat: ReturnType<typeof conversation>): Item[] {
  row.focus();
  row.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  return vi.mocked(chat.menu).mock.lastCall![0];
}

const middle = (element: Element | null) => {
  const { left, right } = element!.getBoundingClientRect();
  return (left + right) / 2;
};

describe('Bubble', () => {
  it('T11: others stand on the start with name and role, own ones on the end without', async () => {
    const others = await bubble();
    expect(others.row.querySelector('.who')?.textContent).toMatch(/Ravi\s+Rider/);
    expect(middle(others.row.querySelector('.bubble'))).toBeLessThan(middle(others.row));
    others.screen.unmount();
    const mine = await bubble({ own: true });
    expect(mine.row.querySelector('.who')).toBeNull();
    expect(middle(mine.row.querySelector('.bubble'))).toBeGreaterThan(middle(mine.row));
  });

  it('what comes under the mouse changes no bubble and lies on none, however narrow it is', async () => {
    const box = (element: Element | null) => element!.getBoundingClientRect().toJSON();
    for (const own of [false, true])
      for (const words of [3, 10, 40]) {
        const { row, screen } = await bubble({
          message: message(1, { content: 'The bell. '.repeat(words).trim() }),
          own,
          active: true,
        });
        for (const width of [358, 448, 544, 900]) {
          row.parentElement!.style.inlineSize = `${width}px`;
          const looks = () => [box(row), box(row.querySelector('.bubble'))];
          const before = looks();
          row.focus();
          await userEvent.hover(row.querySelector('.bubble')!);
          await vi.waitFor(() => expect(row.querySelectorAll('.tools button')).toHaveLength(2));
          expect({ own, words, width, now: looks() }).toEqual({ own, words, width, now: before });
          const [around, { left, right, top }] = before;
          for (const button of row.querySelectorAll('.tools button')) {
            const tool = box(button);
            const isAway = tool.right <= left || tool.left >= right || tool.bottom <= top + 1;
            const isIn = tool.left >= around.left && tool.right <= around.right;
            expect({ own, words, width, isAway, isIn }).toMatchObject({ isAway: true, isIn: true });
          }
          await userEvent.unhover(row);
          row.blur();
        }
        screen.unmount();
      }
  });

  it('T3: name and picture once in a group, the time at its end', async () => {
    const first = await bubble({ end: false });
    expect(first.row.querySelectorAll('.name, .avatar')).toHaveLength(2);
    expect(first.row.querySelector('.meta')).toBeNull();
    first.screen.unmount();
    const last = await bubble({ start: false });
    expect(last.row.querySelectorAll('.name, .avatar')).toHaveLength(0);
    expect(last.row.querySelector('.meta time')?.textContent).toMatch(/\d+:\d\d/);
  });

  it('T10: a picture has its box before it is loaded, and keeps it', async () => {
    let arrive = (_: string) => {};
    const chat = conversation({ address: () => new Promise((done) => (arrive = done)) });
    const { row } = await bubble(
      {
        message: message(1, {
          message_type: 'image',
          content: '',
          file_name: 'door.png',
          file_type: 'image/png',
          file: { attachment: 'a', pending: false },
          image: { width: 1200, height: 800, thumbhash: null, thumbnail_path: null },
        }),
      },
      chat,
    );
    const before = row.getBoundingClientRect().height;
    const box = row.querySelector('.thumb')!.getBoundingClientRect();
    expect(box.width / box.height).toBeCloseTo(1.5, 1);
    const canvas = new OffscreenCanvas(1200, 800);
    canvas.getContext('2d')!.fillRect(0, 0, 1200, 800);
    arrive(URL.createObjectURL(await canvas.convertToBlob()));
    await vi.waitFor(() => expect(row.querySelector('img')?.naturalWidth).toBe(1200));
    expect(row.getBoundingClientRect().height).toBe(before);
  });

  it('a picture with a text is as wide as its bubble', async () => {
    for (const [width, height] of [
      [1200, 800],
      [300, 900],
      [40, 40],
    ] as const) {
      const { row, screen } = await bubble({
        message: message(1, {
          message_type: 'image',
          content: 'The door is the blue one, behind the second gate on the left.',
          file_name: 'door.png',
          file_type: 'image/png',
          file: { attachment: 'a', pending: false },
          image: { width, height, thumbhash: null, thumbnail_path: null },
        }),
      });
      const [thumb, around] = ['.thumb', '.bubble'].map(
        (one) => row.querySelector(one)!.clientWidth,
      );
      expect(around).toBe(thumb! + 8);
      expect(around).toBeGreaterThanOrEqual(192);
      screen.unmount();
    }
  });

  it('T13: a deleted message keeps its place, its time and its replies', async () => {
    const gone = message(1, { is_deleted: true, content: '', reply_count: 2 });
    const { row, screen, chat } = await bubble({ message: gone });
    expect(row.textContent).toContain('Message deleted');
    expect(row.querySelector('time')).not.toBeNull();
    await screen.getByRole('button', { name: '2 replies' }).click();
    expect(chat.thread).toHaveBeenCalledWith(gone);
  });

  it('C6 T14: a reply shows whom and what it answers, and leads there', async () => {
    const quote = { id: 'm7', seq: 7, sender_name: 'Ravi Menon', excerpt: '*Which* bell?' };
    const answer = message(9, { reply_to: { ...quote, is_deleted: false } });
    const { screen, chat } = await bubble({ message: answer });
    await screen.getByRole('button', { name: /Ravi.*Which bell\?/ }).click();
    expect(chat.jump).toHaveBeenCalledWith('m7', 7);
  });

  it('T13: an edited message says so; its earlier texts are for admins only', async () => {
    const edited = message(1, { is_edited: true, edited_at: '2026-11-29T09:00:00Z' });
    const labels = async (role: string) => {
      const shown = await bubble({ message: edited }, conversation({ role }));
      expect(shown.row.textContent).toContain('edited');
      const offered = menuOf(shown.row, shown.chat).map(({ label }) => label);
      shown.screen.unmount();
      return offered;
    };
    expect(await labels('customer')).not.toContain('Earlier texts');
    expect(await labels('support')).not.toContain('Earlier texts');
    expect(await labels('admin')).toContain('Earlier texts');
  });

  it('R1: clock, one tick, two, two in colour; each says what it means', async () => {
    const colours = [];
    for (const [receipt, words] of [
      ['waiting', 'Waiting to be sent'],
      ['sent', 'Sent'],
      ['delivered', 'Delivered'],
      ['read', 'Read'],
    ] as const) {
      const { screen } = await bubble({ own: true, receipt });
      const ticks = screen.getByRole('img', { name: words, exact: true });
      await expect.element(ticks).toBeVisible();
      colours.push(getComputedStyle(ticks.element()).color);
      screen.unmount();
    }
    expect(colours[2]).toBe(colours[1]);
    expect(colours[3]).not.toBe(colours[2]);
  });

  it('R2: among several people the label says how many have read it', async () => {
    const { screen } = await bubble({ own: true, receipt: 'read', readBy: { read: 2, of: 4 } });
    await expect.element(screen.getByRole('img', { name: 'Read by 2 of 4' })).toBeVisible();
  });

  it('R4: what was refused says why, with Retry and Delete on the bubble', async () => {
    const error = new OrderchatError({ status: 415, type: 'urn:x:unsupported', title: 'No' });
    const { row, screen, chat } = await own(pending({ state: 'failed', error }));
    expect(row.textContent).toContain('Not sent · Files of this type cannot be sent.');
    await screen.getByRole('button', { name: 'Retry' }).click();
    expect(chat.retry).toHaveBeenCalledWith('key');
    await screen.getByRole('button', { name: 'Delete' }).click();
    expect(chat.discard).toHaveBeenCalledWith('key');
  });

  it('U2: a file on its way shows name, size, progress and a way to stop it', async () => {
    const file = {
      name: 'recipe.pdf',
      size: 48_000,
      type: 'application/pdf',
      blob: null,
      purpose: null,
    };
    const local = pending({ content: '', state: 'uploading', file: { ...file, progress: 0.4 } });
    const { row, screen, chat } = await own(local);
    expect(row.textContent).toMatch(/recipe\.pdf\s*48 kB/);
    const bar = screen.getByRole('progressbar', { name: 'Sending recipe.pdf' });
    expect((bar.element() as HTMLProgressElement).value).toBe(0.4);
    await screen.getByRole('button', { name: 'Cancel sending recipe.pdf' }).click();
    expect(chat.discard).toHaveBeenCalledWith('key');
  });

  it('U2: a picture on its way shows itself', async () => {
    const canvas = new OffscreenCanvas(8, 8);
    canvas.getContext('2d')!.fillRect(0, 0, 8, 8);
    const blob = await canvas.convertToBlob();
    const file = {
      name: 'door.png',
      size: blob.size,
      type: 'image/png',
      blob,
      progress: 0,
      purpose: null,
    };
    const { row } = await own(pending({ content: '', state: 'uploading', file }));
    await vi.waitFor(() => expect(row.querySelector('img')?.naturalWidth).toBe(8));
  });

  it('U5: another file is a card: icon, name shortened in its middle, size, download', async () => {
    const name = 'the-prescription-of-november-signed-and-stamped.pdf';
    const { row, screen } = await bubble({
      message: message(1, {
        message_type: 'file',
        content: '',
        file_name: name,
        file_size: 120_000,
        file_type: 'application/pdf',
        file: { attachment: 'a', pending: false },
      }),
    });
    const shown = row.querySelector('bdi[title]')!;
    expect(shown.getAttribute('title')).toBe(name);
    expect(shown.textContent).toMatch(/^the-presc.*….*ed\.pdf$/);
    expect(row.textContent).toContain('120 kB');
    expect(row.querySelector('.type svg')).not.toBeNull();
    expect(row.querySelectorAll('iframe, embed, object, img')).toHaveLength(0);
    await expect.element(screen.getByRole('button', { name: `Download ${name}` })).toBeVisible();
  });

  it('A2: a row is an article that says who, as what, when and which of how many', async () => {
    const { row } = await bubble({ position: 3, total: 9 });
    expect(row.getAttribute('aria-posinset')).toBe('3');
    expect(row.getAttribute('aria-setsize')).toBe('9');
    expect(row.getAttribute('aria-label')).toMatch(/^Ravi, Rider, \d+:\d\d/);
  });

  it('K2: keys on a row reply, edit and delete; Shift+F10 and Enter open its menu', async () => {
    const { row, chat } = await bubble({ own: true, active: true });
    row.focus();
    await userEvent.keyboard('re{Delete}{Shift>}{F10}{/Shift}{Enter}');
    for (const called of [chat.reply, chat.edit, chat.remove])
      expect(called).toHaveBeenCalledOnce();
    expect(chat.menu).toHaveBeenCalledTimes(2);
  });

  it('E3: what is tried again by itself counts the seconds', async () => {
    const retryAt = Date.now() + 2_500;
    const { row } = await own(pending({ state: 'waiting', retryAt }));
    expect(row.textContent).toContain('sent again in 3 seconds');
    await vi.waitFor(() => expect(row.textContent).toContain('sent again in 1 second'), 4_000);
    await vi.waitFor(() => expect(row.textContent).not.toContain('sent again'), 4_000);
  });

  it('C7: what may not be edited any more says so and is not edited', async () => {
    const why = 'Too late to edit: allowed for 15 minutes';
    const rights = () => ({ reply: null, edit: why, remove: null });
    const { row, chat } = await bubble({ own: true, active: true }, conversation({ rights }));
    const edit = menuOf(row, chat).find(({ label }) => label === 'Edit');
    expect(edit?.why).toBe(why);
    await userEvent.keyboard('e');
    expect(chat.edit).not.toHaveBeenCalled();
    expect(toast.all.at(-1)?.text).toBe(why);
  });
});
