import { describe, expect, it } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { highlight, initials, isEmojiOnly, middle, nameOnly, plain } from '../text/tokens.js';
import { message } from '../test/messages.js';
import { continued, marked } from './formatting.js';
import RichText from './RichText.svelte';
import { nextStop, steps, type Row } from './rows.js';

describe('RichText', () => {
  it('T15: nothing in a text becomes markup or a link that runs', async () => {
    const { container } = await render(RichText, {
      text: '<script>x</script> <img src=x onerror=y> javascript:alert(1) https://a.example/\u202egnp.exe',
    });
    expect(container.querySelectorAll('script, img')).toHaveLength(0);
    const links = [...container.querySelectorAll('a')].map((link) => link.href);
    expect(links).toEqual(['https://a.example/gnp.exe']);
    expect(container.textContent).not.toContain('\u202e');
  });

  it('shows bold, italic, code and lists, and keeps lines', async () => {
    const { container } = await render(RichText, {
      text: 'Take *two*, _please_:\n- with `water`\n- at night\n\nBye',
    });
    expect(container.querySelector('strong')?.textContent).toBe('two');
    expect(container.querySelector('em')?.textContent).toBe('please');
    expect(container.querySelector('li code')?.textContent).toBe('water');
    expect(container.querySelectorAll('li')).toHaveLength(2);
    expect(container.querySelectorAll('.line')).toHaveLength(2);
  });
});

describe('texts', () => {
  it('know what is only emoji', () => {
    expect(isEmojiOnly('🎉')).toBe(true);
    expect(isEmojiOnly('👩‍🚀 🇩🇪')).toBe(true);
    expect(isEmojiOnly('🎉🎉🎉🎉')).toBe(false);
    expect(isEmojiOnly('ok 🎉')).toBe(false);
    expect(isEmojiOnly('12')).toBe(false);
  });

  it('are shortened and named', () => {
    expect(middle('a-very-long-name-of-a-file-indeed.pdf', 20)).toBe('a-very-long-n…ed.pdf');
    expect(middle('a-very-long-name-of-a-file-indeed.pdf')).toHaveLength(32);
    expect(initials('Aisha Rahman')).toBe('AR');
    expect(initials('Ravi (Rider)')).toBe('R');
    expect(nameOnly('Ravi (Rider)')).toBe('Ravi');
    expect(plain('Keep:\n- *a*\n- b')).toBe('Keep: a, b');
    expect(highlight('The bell', 'bel').filter((part) => part.hit)).toEqual([
      { text: 'bel', hit: true },
    ]);
  });
});

describe('formatting', () => {
  it('puts marks around the selection and takes them off', () => {
    const bold = marked({ text: 'go now ', start: 3, end: 7 }, 'bold');
    expect(bold).toEqual({ text: 'go *now* ', start: 4, end: 7 });
    expect(marked(bold, 'bold').text).toBe('go now ');
  });

  it('makes lists, goes on with them and ends them', () => {
    expect(marked({ text: 'a\nb', start: 0, end: 3 }, 'list').text).toBe('- a\n- b');
    expect(continued({ text: '1. a', start: 4, end: 4 })?.text).toBe('1. a\n2. ');
    expect(continued({ text: '- a\n- ', start: 6, end: 6 })?.text).toBe('- a\n');
    expect(continued({ text: 'plain', start: 5, end: 5 })).toBeNull();
  });
});

describe('steps', () => {
  const row = (seq: number): Row => ({
    kind: 'message',
    key: `m${seq}`,
    message: message(seq),
    own: false,
    first: true,
    last: true,
  });

  it('shows what came at the beginning alone, then the rest', () => {
    const shown = [row(5), row(6)];
    const wanted = [row(3), row(4), row(5), row(6), row(7)];
    const done = steps(shown, wanted);
    expect(done.map(({ rows, shift }) => [rows.length, shift])).toEqual([
      [4, true],
      [5, false],
    ]);
  });

  it('needs one step for an end, a beginning or another place', () => {
    const shown = [row(5), row(6)];
    expect(steps(shown, [row(5), row(6), row(7)])).toHaveLength(1);
    expect(steps(shown, [row(4), row(5), row(6)])).toEqual([
      { rows: [row(4), row(5), row(6)], shift: true },
    ]);
    expect(steps(shown, [row(50), row(51)])[0]?.shift).toBe(false);
  });
});

describe('nextStop', () => {
  it('K2: passes over the lines between messages', () => {
    const kinds = ['day', 'message', 'unread', 'message', 'day', 'updates'];
    const rows = kinds.map((kind, at) => ({ kind, key: `${at}` })) as unknown as Row[];
    expect(nextStop(rows, 1, 1)).toBe(3);
    expect(nextStop(rows, 3, 1)).toBe(5);
    expect(nextStop(rows, 5, -1)).toBe(3);
    expect(nextStop(rows, 1, -1)).toBe(-1);
    expect(nextStop(rows, 5, 1)).toBe(6);
  });
});
