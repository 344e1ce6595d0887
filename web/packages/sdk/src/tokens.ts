/** A piece of a message's text. Views make nodes of it: there is never a string of HTML. */
export type Token =
  | { type: 'text'; text: string }
  /** `href` begins with `http:`, `https:`, `mailto:` or `tel:`. */
  | { type: 'link'; text: string; href: string }
  /** `#1042`: an order's number. */
  | { type: 'order'; text: string; number: string }
  | { type: 'code'; text: string }
  | { type: 'bold' | 'italic'; children: Token[] }
  | { type: 'break' }
  | { type: 'list'; ordered: boolean; start: number; items: Token[][] };

// One alternative a group. A mark opens after a space or punctuation and closes before one, and holds
// no space at its edges: 2*3*4, snake_case_names and * alone stay as they are.
const INLINE = new RegExp(
  [
    '`([^`\\n]+)`',
    '(?<![\\p{L}\\p{N}*])\\*(?![\\s*])([^*\\n]*[^\\s*])\\*(?![\\p{L}\\p{N}*])',
    '(?<![\\p{L}\\p{N}_])_(?![\\s_])([^_\\n]*[^\\s_])_(?![\\p{L}\\p{N}_])',
    '(?<![\\p{L}\\p{N}])((?:https?:\\/\\/|mailto:|tel:\\+?(?=\\d))[^\\s<>"`]+)',
    '(?<![\\p{L}\\p{N}&#/])#(\\d[\\p{L}\\p{N}-]*|[A-Z]+-?\\d[\\p{L}\\p{N}-]*)',
  ].join('|'),
  'gu',
);
const ITEM = /^\s{0,3}(?:([-*•])|(\d{1,4})[.)])\s+(.*)$/;

/** Marks that end a sentence do not belong to the address before them, nor does `)` without `(`. */
function trimmed(address: string): string {
  for (;;) {
    const next = address.replace(/[.,;:!?'"*_\]]+$/, '');
    const isClosed = next.endsWith(')') && next.split(')').length > next.split('(').length;
    if (!isClosed && next === address) return address;
    address = isClosed ? next.slice(0, -1) : next;
  }
}

function inline(text: string): Token[] {
  const tokens: Token[] = [];
  let from = 0;
  const plain = (to: number) => {
    if (to > from) tokens.push({ type: 'text', text: text.slice(from, to) });
  };
  for (const match of text.matchAll(INLINE)) {
    const [all, code, bold, italic, address, number] = match;
    const start = match.index;
    if (start < from) continue;
    plain(start);
    from = start + all.length;
    if (code !== undefined) tokens.push({ type: 'code', text: code });
    else if (bold !== undefined) tokens.push({ type: 'bold', children: inline(bold) });
    else if (italic !== undefined) tokens.push({ type: 'italic', children: inline(italic) });
    else if (number !== undefined) tokens.push({ type: 'order', text: all, number });
    else if (address !== undefined) {
      const link = trimmed(address);
      tokens.push({ type: 'link', text: link, href: link });
      from = start + link.length;
    }
  }
  plain(text.length);
  return tokens;
}

/**
 * The text of a message in pieces: `*bold*`, `_italic_`, `` `code` ``, lists, links and order numbers.
 * Everything else is text, whatever it looks like.
 */
export function tokens(text: string): Token[] {
  const all: Token[] = [];
  text.split('\n').forEach((line, index) => {
    const item = ITEM.exec(line);
    const last = all.at(-1);
    if (!item) {
      if (index > 0 && last?.type !== 'list') all.push({ type: 'break' });
      all.push(...inline(line));
      return;
    }
    const ordered = item[2] !== undefined;
    const content = inline(item[3]!);
    if (last?.type === 'list' && last.ordered === ordered) last.items.push(content);
    else all.push({ type: 'list', ordered, start: Number(item[2] ?? 1), items: [content] });
  });
  return all;
}
