import { describe, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
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

  it('marks the selection by keys', async () => {
    const { props, screen } = composer({ text: 'two minutes' });
    const box = (await screen).getByRole('textbox', { name: 'Write' }).element();
    (box as HTMLTextAreaElement).focus();
    (box as HTMLTextAreaElement).setSelectionRange(0, 3);
    await userEvent.keyboard('{Control>}b{/Control}{End}{Enter}');
    expect(props.onsend).toHaveBeenCalledWith({ text: '*two* minutes', files: [] });
  });
});
