import { expect, test } from 'vitest';
import { type Token, tokens } from './tokens.js';

/** A short form: `b(…)` for bold, and so on. */
const short = (list: Token[]): string =>
  list
    .map((token) => {
      switch (token.type) {
        case 'text':
          return token.text;
        case 'link':
          return `<${token.href}>`;
        case 'order':
          return `order(${token.number})`;
        case 'code':
          return `code(${token.text})`;
        case 'break':
          return '/';
        case 'list':
          return `${token.ordered ? `ol${token.start}` : 'ul'}[${token.items.map(short).join('|')}]`;
        default:
          return `${token.type}(${short(token.children)})`;
      }
    })
    .join('');

test.each([
  ['plain', 'plain'],
  ['*bold* and _italic_', 'bold(bold) and italic(italic)'],
  ['*bold _and italic_*', 'bold(bold italic(and italic))'],
  ['`a *b* c`', 'code(a *b* c)'],
  ['2*3*4 and snake_case_name', '2*3*4 and snake_case_name'],
  ['an * alone * and _ too _', 'an * alone * and _ too _'],
  ['**', '**'],
  ['*a\nb*', '*a/b*'],
  ['one\n\ntwo', 'one//two'],
])('T15: marks and newlines: %j', (text, expected) => {
  expect(short(tokens(text))).toBe(expected);
});

test.each([
  ['see https://shop.example/a?b=c#d.', 'see <https://shop.example/a?b=c#d>.'],
  ['(https://en.example/x_(y))', '(<https://en.example/x_(y)>)'],
  ['mailto:help@shop.example', '<mailto:help@shop.example>'],
  ['tel:+4930123', '<tel:+4930123>'],
  ['*https://shop.example*', 'bold(<https://shop.example>)'],
  ['javascript:alert(1)', 'javascript:alert(1)'],
  ['data:text/html,x vbscript:x', 'data:text/html,x vbscript:x'],
  ['xhttps://no.example', 'xhttps://no.example'],
])('T15: links: %j', (text, expected) => {
  expect(short(tokens(text))).toBe(expected);
});

test.each([
  ['order #1042, please', 'order order(1042), please'],
  ['#RX-77 is ready', 'order(RX-77) is ready'],
  ['C#4 &#39; /#12', 'C#4 &#39; /#12'],
])('order numbers: %j', (text, expected) => {
  expect(short(tokens(text))).toBe(expected);
});

test.each([
  ['- one\n- *two*', 'ul[one|bold(two)]'],
  ['3. three\n4) four', 'ol3[three|four]'],
  ['buy:\n• milk\nthen go', 'buy:ul[milk]then go'],
  ['-no list', '-no list'],
])('lists: %j', (text, expected) => {
  expect(short(tokens(text))).toBe(expected);
});

test('T15: markup is text', () => {
  const text = '<script>alert(1)</script><img src=x onerror=alert(1)>';
  expect(tokens(text)).toEqual([{ type: 'text', text }]);
});

test('nothing is lost: the text of the tokens is the text', () => {
  const text = 'a *b* `c` #12 https://x.example/ _d_ 2*3';
  const flat = (list: Token[]): string =>
    list
      .map((token) =>
        'children' in token ? flat(token.children) : 'text' in token ? token.text : '',
      )
      .join('');
  expect(flat(tokens(text))).toBe('a b c #12 https://x.example/ d 2*3');
});

test('8,000 characters of marks take no time', () => {
  const start = performance.now();
  for (const mark of ['*', '_', '`', '(', '*a', '_a ', 'https://'])
    tokens(mark.repeat(8000 / mark.length));
  expect(performance.now() - start).toBeLessThan(1000);
});
