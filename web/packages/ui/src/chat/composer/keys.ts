import type { Mark } from '../formatting.js';

type Key = Pick<KeyboardEvent, 'key' | 'code' | 'altKey' | 'ctrlKey' | 'metaKey' | 'shiftKey'>;

const hasCommand = ({ ctrlKey, metaKey }: Key) => ctrlKey || metaKey;

/** The mark that a key puts around what is selected. */
export function markOf(pressed: Key): Mark | null {
  if (!hasCommand(pressed) || pressed.altKey) return null;
  // Where the digits are, Shift gives another letter on each keyboard.
  const isList = pressed.shiftKey && pressed.code === 'Digit8';
  const marks: Record<string, Mark> = { b: 'bold', i: 'italic', e: 'code' };
  return marks[pressed.key.toLowerCase()] ?? (isList ? 'list' : null);
}

export interface Situation {
  /** A finger writes: Enter breaks the line, a button sends. */
  touch: boolean;
  /** Neither a reply nor a change of what was said. */
  isNew: boolean;
  isEmpty: boolean;
  hasFiles: boolean;
}

/** What a key does in the composer's box; `unload` takes the files away, `last` is for the own last message. */
export function deedOf(
  pressed: Key,
  { touch, isNew, isEmpty, hasFiles }: Situation,
): 'send' | 'break' | 'cancel' | 'unload' | 'last' | null {
  const { key, altKey, shiftKey } = pressed;
  if (key === 'Enter') return shiftKey || touch ? 'break' : 'send';
  if (key === 'Escape') return isNew ? (hasFiles ? 'unload' : null) : 'cancel';
  const isPlain = !hasCommand(pressed) && !altKey && !shiftKey;
  return key === 'ArrowUp' && isPlain && isNew && isEmpty ? 'last' : null;
}

/** So many sentences are offered at once. */
const OFFERED = 6;

/** The sentences that `/` and what is written after it mean. */
export function sentencesFor(text: string, sentences: readonly string[]): readonly string[] {
  if (!text.startsWith('/') || text.includes('\n')) return [];
  const wanted = text.slice(1).trim().toLocaleLowerCase();
  return sentences.filter((one) => one.toLocaleLowerCase().includes(wanted)).slice(0, OFFERED);
}

/** Where an arrow leads in a list that goes round; null for other keys. */
export const around = (key: string, at: number, count: number): number | null =>
  key === 'ArrowDown' ? (at + 1) % count : key === 'ArrowUp' ? (at + count - 1) % count : null;
