import { describe, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import DialogHost from '../test/DialogHost.svelte';
import MenuHost from '../test/MenuHost.svelte';
import { toast } from './toasts.svelte.js';

const focused = () => document.activeElement?.textContent?.trim();

describe('Menu', () => {
  const items = () => [
    { label: 'Apple', run: vi.fn() },
    { label: 'Banana', why: 'None left', run: vi.fn() },
    { label: 'Cherry', run: vi.fn() },
  ];

  it('is moved through with arrows, Home, End and letters', async () => {
    const screen = await render(MenuHost, { items: items() });
    await screen.getByRole('button', { name: 'Open' }).click();
    await vi.waitFor(() => expect(focused()).toBe('Apple'));
    await userEvent.keyboard('{ArrowDown}{ArrowDown}');
    expect(focused()).toBe('Cherry');
    await userEvent.keyboard('{ArrowDown}');
    expect(focused()).toBe('Apple');
    await userEvent.keyboard('{End}');
    expect(focused()).toBe('Cherry');
    await userEvent.keyboard('{Home}');
    expect(focused()).toBe('Apple');
    await userEvent.keyboard('{ArrowUp}');
    expect(focused()).toBe('Cherry');
    await userEvent.keyboard('b');
    expect(focused()).toContain('Banana');
  });

  it('opens above where there is no room below', async () => {
    const screen = await render(MenuHost, { items: items() });
    const opener = screen.getByRole('button', { name: 'Open' });
    Object.assign((opener.element() as HTMLElement).style, { position: 'fixed', bottom: '10px' });
    await opener.click();
    await vi.waitFor(() => expect(focused()).toBe('Apple'));
    const menu = screen.getByRole('menu').element().getBoundingClientRect();
    expect(menu.bottom).toBeLessThanOrEqual(opener.element().getBoundingClientRect().top);
  });

  it('at a point it begins there, or ends above what the point belongs to', async () => {
    for (const [y, above, side, at] of [
      [40, 20, 'top', 40],
      [innerHeight - 20, innerHeight - 60, 'bottom', innerHeight - 60],
    ] as const) {
      const screen = await render(MenuHost, { items: items(), point: { x: 30, y, above } });
      await screen.getByRole('button', { name: 'Open' }).click();
      await vi.waitFor(() => expect(focused()).toBe('Apple'));
      const menu = screen.getByRole('menu').element().getBoundingClientRect();
      expect(menu[side]).toBeCloseTo(at, 0);
      screen.unmount();
    }
  });

  it('closes on Esc and gives the focus back', async () => {
    const screen = await render(MenuHost, { items: items() });
    await screen.getByRole('button', { name: 'Open' }).click();
    await vi.waitFor(() => expect(focused()).toBe('Apple'));
    await userEvent.keyboard('{Escape}');
    await vi.waitFor(() => expect(focused()).toBe('Open'));
  });

  it('runs what is chosen, and not what has a reason against it', async () => {
    const all = items();
    const screen = await render(MenuHost, { items: all });
    await screen.getByRole('button', { name: 'Open' }).click();
    await userEvent.keyboard('{ArrowDown}{Enter}');
    expect(all[1]?.run).not.toHaveBeenCalled();
    await userEvent.keyboard('{ArrowDown}{Enter}');
    expect(all[2]?.run).toHaveBeenCalledOnce();
  });
});

describe('Dialog', () => {
  it('takes the focus and gives it back', async () => {
    const screen = await render(DialogHost);
    await screen.getByRole('button', { name: 'Open' }).click();
    const dialog = screen.getByRole('dialog', { name: 'A question' });
    await expect.element(dialog).toBeVisible();
    expect(dialog.element().contains(document.activeElement)).toBe(true);
    await userEvent.keyboard('{Escape}');
    await vi.waitFor(() => expect(document.querySelector('dialog')).toBeNull());
    expect(focused()).toBe('Open');
  });
});

describe('toast', () => {
  it('says the same thing twice to a screen reader', () => {
    toast.speak('Sent');
    const first = toast.polite;
    toast.speak('Sent');
    expect(toast.polite).not.toBe(first);
    expect(toast.polite.replace('\u200b', '')).toBe('Sent');
  });
});
