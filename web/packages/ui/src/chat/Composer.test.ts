import { afterEach, describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { toast } from '../primitives/toasts.svelte.js';
import Composer from './Composer.svelte';

function composer(more: Record<string, unknown> = {}) {
  const props = {
    mode: { kind: 'new' as const },
    placeholder: 'Write',
    onsend: vi.fn(),
    onlast: vi.fn(),
    oncancel: vi.fn(),
    ontyping: vi.fn(),
    ...more,
  };
  return { props, screen: render(Composer, props) };
}

describe('Composer', () => {
  afterEach(() => page.viewport(900, 700));

  it('C1, C4: Enter sends, Shift+Enter breaks the line, and the focus stays', async () => {
    const { props, screen } = composer();
    const box = (await screen).getByRole('textbox', { name: 'Write' });
    await box.click();
    await userEvent.keyboard('one{Shift>}{Enter}{/Shift}two{Enter}');
    expect(props.onsend).toHaveBeenCalledWith({ text: 'one\ntwo', files: [] });
    await expect.element(box).toHaveValue('');
    await expect.element(box).toHaveFocus();
  });

  it('C1: Enter that ends a composition of an input method does not send', async () => {
    const { props, screen } = composer({ text: 'ni' });
    const box = (await screen).getByRole('textbox', { name: 'Write' }).element();
    box.dispatchEvent(
      new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true }),
    );
    expect(props.onsend).not.toHaveBeenCalled();
  });

  it('C2: grows to nine lines, then scrolls', async () => {
    const { screen } = composer({ text: Array.from({ length: 30 }, (_, line) => line).join('\n') });
    const box = (await screen).getByRole('textbox', { name: 'Write' }).element();
    const line = Number.parseFloat(getComputedStyle(box).lineHeight);
    expect(box.clientHeight).toBeLessThan(line * 10.5);
    expect(box.scrollHeight).toBeGreaterThan(box.clientHeight);
  });

  it('C5: blanks and too long texts are not sent; the counter says how much is too much', async () => {
    const { props, screen } = composer({ max: 10 });
    const shown = await screen;
    const box = shown.getByRole('textbox', { name: 'Write' });
    await box.click();
    await userEvent.keyboard('   {Enter}');
    await userEvent.keyboard('too long to be sent{Enter}');
    expect(props.onsend).not.toHaveBeenCalled();
    await expect.element(shown.getByText('-12 characters left')).toBeVisible();
  });

  it('C6: Esc ends a reply', async () => {
    const { props, screen } = composer({
      mode: { kind: 'reply', id: 'm1', name: 'Ravi', excerpt: 'Hello' },
    });
    const shown = await screen;
    await expect.element(shown.getByText('Reply to Ravi')).toBeVisible();
    await shown.getByRole('textbox', { name: 'Write' }).click();
    await userEvent.keyboard('{Escape}');
    expect(props.oncancel).toHaveBeenCalledOnce();
  });

  it('C7: Up in an empty box asks for the last message', async () => {
    const { props, screen } = composer();
    await (await screen).getByRole('textbox', { name: 'Write' }).click();
    await userEvent.keyboard('{ArrowUp}');
    expect(props.onlast).toHaveBeenCalledOnce();
  });

  it('C8: a quick reply is sent by one click; staff pick one with /', async () => {
    const { props, screen } = composer({ quick: ['On my way.', 'At your door.'], picker: true });
    const shown = await screen;
    await shown.getByRole('button', { name: 'On my way.' }).click();
    expect(props.onsend).toHaveBeenLastCalledWith({ text: 'On my way.', files: [] });
    await shown.getByRole('textbox', { name: 'Write' }).click();
    await userEvent.keyboard('/door{Enter}');
    expect(props.onsend).toHaveBeenLastCalledWith({ text: 'At your door.', files: [] });
  });

  it('C8 L4: quick replies are one row, however long; the keyboard brings each into view', async () => {
    const quick = [1, 2, 3, 4].map((n) => `Sentence ${n} of those that are long`);
    await page.viewport(390, 844);
    const { screen } = composer({ quick });
    const buttons = (await screen).getByRole('button', { name: 'Sentence' }).elements();
    const boxes = buttons.map((one) => one.getBoundingClientRect());
    expect(new Set(boxes.map(({ top }) => top)).size).toBe(1);
    const row = buttons[0]!.closest('ul')!;
    expect(boxes[3]!.right).toBeGreaterThan(row.getBoundingClientRect().right);
    (buttons[0] as HTMLElement).focus();
    await userEvent.keyboard('{Tab}{Tab}{Tab}');
    expect(document.activeElement).toBe(buttons[3]);
    await expect
      .poll(() => buttons[3]!.getBoundingClientRect().right)
      .toBeLessThanOrEqual(row.getBoundingClientRect().right);
  });

  it('L4: where it is narrow the box is one row, until marks come with the first letter', async () => {
    await page.viewport(390, 844);
    const { screen } = composer();
    const shown = await screen;
    const box = shown.getByRole('textbox', { name: 'Write' });
    const send = shown.getByRole('button', { name: 'Send' });
    const marks = shown.getByRole('group', { name: 'Formatting' });
    const middle = (one: Element) => {
      const { top, bottom } = one.getBoundingClientRect();
      return (top + bottom) / 2;
    };
    expect(Math.abs(middle(send.element()) - middle(box.element()))).toBeLessThan(2);
    await expect.element(marks).not.toBeInTheDocument();
    await box.click();
    await userEvent.keyboard('a');
    await expect.element(marks).toBeVisible();
  });

  it('marks the selection by keys', async () => {
    const { props, screen } = composer({ text: 'two minutes' });
    const box = (await screen).getByRole('textbox', { name: 'Write' }).element();
    (box as HTMLTextAreaElement).focus();
    (box as HTMLTextAreaElement).setSelectionRange(0, 3);
    await userEvent.keyboard('{Control>}b{/Control}{End}{Enter}');
    expect(props.onsend).toHaveBeenCalledWith({ text: '*two* minutes', files: [] });
  });

  it('C2: grows where the browser does not do it by itself, too', async () => {
    const supports = vi.spyOn(CSS, 'supports').mockReturnValue(false);
    const { screen } = composer();
    supports.mockRestore();
    const box = (await screen).getByRole('textbox', { name: 'Write' }).element();
    const line = Number.parseFloat(getComputedStyle(box).lineHeight);
    const one = box.clientHeight;
    await userEvent.fill(box, 'one\ntwo\nthree');
    await vi.waitFor(() => expect(box.clientHeight).toBeGreaterThanOrEqual(3 * line));
    await userEvent.fill(box, 'x\n'.repeat(30));
    await vi.waitFor(() => expect(box.clientHeight).toBeGreaterThan(line * 8));
    expect(box.clientHeight).toBeLessThan(line * 10.5);
    await userEvent.fill(box, '');
    await vi.waitFor(() => expect(box.clientHeight).toBe(one));
  });

  it('C5: the counter is there from nine tenths on', async () => {
    const { screen } = composer({ max: 100, text: 'x'.repeat(90) });
    const shown = await screen;
    await expect.element(shown.getByText('characters left')).not.toBeInTheDocument();
    await shown.getByRole('textbox', { name: 'Write' }).click();
    await userEvent.keyboard('y');
    await expect.element(shown.getByText('9 characters left')).toBeVisible();
  });

  it('U1: what is pasted is attached; what cannot be sent says why before anything is sent', async () => {
    const { props, screen } = composer();
    const shown = await screen;
    const box = shown.getByRole('textbox', { name: 'Write' }).element();
    const paste = (...files: File[]) => {
      const clipboardData = new DataTransfer();
      for (const file of files) clipboardData.items.add(file);
      box.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
    };
    for (const [file, why] of [
      [new File(['MZ'], 'setup.exe', { type: 'application/x-msdownload' }), /setup\.exe.*type/],
      [new File([], 'nothing.txt', { type: 'text/plain' }), /nothing\.txt is empty/],
    ] as const) {
      paste(file);
      expect(toast.all.at(-1)?.text).toMatch(why);
    }
    paste(new File(['%PDF-1.7'], 'recipe.pdf', { type: 'application/pdf' }));
    await expect.element(shown.getByText('recipe.pdf')).toBeVisible();
    await shown.getByRole('button', { name: 'Send' }).click();
    const { files } = props.onsend.mock.lastCall![0];
    expect((await files[0]).file.name).toBe('recipe.pdf');
  });

  it('U6: several files can be chosen; the camera is offered where there are fingers only', async () => {
    composer();
    await vi.waitFor(() => expect(document.querySelector('[data-picker]')).not.toBeNull());
    expect(document.querySelector<HTMLInputElement>('[data-picker]')!.multiple).toBe(true);
    expect(document.querySelector('[capture]')).toBeNull();
  });
});
