import { tokens, type Token } from '@orderchat/sdk/view';

/** What turns the direction of the text after it around; it could make one thing look like another. */
const BIDI = /[\u202a-\u202e\u2066-\u2069]/gu;

/** A message's text in lines and lists, of the SDK's tokens, for components to make nodes of. */
export type Block =
  | { kind: 'line'; children: Token[] }
  | { kind: 'list'; ordered: boolean; start: number; items: Token[][] };

export function blocks(text: string): Block[] {
  const out: Block[] = [];
  let line: Token[] = [];
  let open = false;
  for (const token of tokens(text.replace(BIDI, ''))) {
    if (token.type === 'list') {
      if (open) out.push({ kind: 'line', children: line });
      line = [];
      open = false;
      out.push({ kind: 'list', ordered: token.ordered, start: token.start, items: token.items });
    } else if (token.type === 'break') {
      out.push({ kind: 'line', children: line });
      line = [];
      open = true;
    } else {
      line.push(token);
      open = true;
    }
  }
  if (open) out.push({ kind: 'line', children: line });
  return out;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** One to three emoji and nothing else: shown large. */
export function isEmojiOnly(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed.length === 0 || trimmed.length > 40 || /[\p{L}\s\d]{2}/u.test(trimmed)) return false;
  const parts = [...graphemes.segment(trimmed)]
    .map(({ segment }) => segment)
    .filter((segment) => segment.trim() !== '');
  return (
    parts.length <= 3 &&
    parts.every((part) => /\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(part))
  );
}

/** The text without marks, for one-line previews. */
export function plain(text: string): string {
  const flat = (list: Token[]): string =>
    list
      .map((token) => {
        if (token.type === 'break') return ' ';
        if (token.type === 'list') return ` ${token.items.map(flat).join(', ')} `;
        return 'children' in token ? flat(token.children) : token.text;
      })
      .join('');
  return flat(tokens(text.replace(BIDI, '')))
    .replace(/\s+/gu, ' ')
    .trim();
}

/** `report-of-the-…-final.pdf`: the end of a file name says as much as its beginning. */
export function middle(name: string, max = 32): string {
  const chars = [...name];
  if (chars.length <= max) return name;
  const tail = Math.min(12, Math.floor(max / 3));
  return `${chars.slice(0, max - tail - 1).join('')}…${chars.slice(-tail).join('')}`;
}

/** Up to two letters that stand for a person. */
export function initials(name: string): string {
  const words = name
    .replace(/\(.*?\)/gu, '')
    .trim()
    .split(/\s+/u)
    .filter((word) => word !== '');
  const first = [...(words[0] ?? '?')][0] ?? '?';
  const last = words.length > 1 ? ([...(words.at(-1) as string)][0] ?? '') : '';
  return (first + last).toLocaleUpperCase();
}

/** Where `query` stands in `text`, for highlighting: [plain, match, plain, match, …]. */
export function highlight(text: string, query: string): { text: string; hit: boolean }[] {
  const words = query
    .trim()
    .split(/\s+/u)
    .filter(Boolean)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/gu, '\\$&'));
  if (words.length === 0) return [{ text, hit: false }];
  return text
    .split(new RegExp(`(${words.join('|')})`, 'giu'))
    .map((part, index) => ({ text: part, hit: index % 2 === 1 }))
    .filter((part) => part.text !== '');
}

/** Which way a text runs: by its first letter that has a direction, as `dir="auto"` decides. */
export function directionOf(text: string): 'ltr' | 'rtl' | null {
  const letter = /\p{L}/u.exec(text)?.[0];
  if (letter === undefined) return null;
  return /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u.test(letter)
    ? 'rtl'
    : 'ltr';
}

/** A name without the role that masking puts behind it: the badge says that. */
export function nameOnly(name: string): string {
  return name.replace(/\s+\([^()]*\)$/u, '');
}
