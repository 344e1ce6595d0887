import { dialogs } from './dialogs/dialogs.svelte.js';

/** Keys that work everywhere. Those of a conversation are registered while it is on the screen. None
 *  fires while somebody writes, unless it has a modifier. */
export interface Keyed {
  search(): void;
  upload(): void;
  escape(): void;
  oldestUnread(): void;
  ends(to: 'start' | 'end'): void;
}

export const keyed: {
  room: Keyed | null;
  neighbour: ((step: 1 | -1, unread: boolean) => void) | null;
} = {
  room: null,
  neighbour: null,
};

const isWriting = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  target.closest('input, textarea, select, [contenteditable]') !== null;

const hasLayer = () => document.querySelector('dialog[open], :popover-open') !== null;

export function globalKeys(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const command = event.ctrlKey || event.metaKey;
  const { room } = keyed;
  const run = (() => {
    if (command && !event.altKey) {
      if (event.key.toLowerCase() === 'k' && !event.shiftKey) return () => dialogs.show('switcher');
      // Few press it: what it takes comes with the first time.
      if (event.key === 'F6')
        return async () => (await import('./landmarks.js')).goOn(event.shiftKey ? -1 : 1);
      if (!room || hasLayer()) return null;
      if (event.key.toLowerCase() === 'f' && !event.shiftKey) return () => room.search();
      if (event.key.toLowerCase() === 'u' && event.shiftKey) return () => room.upload();
      if (isWriting(event.target)) return null;
      if (event.key === 'Home') return () => room.ends('start');
      if (event.key === 'End') return () => room.ends('end');
      return null;
    }
    if (hasLayer()) return null;
    if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      return () => keyed.neighbour?.(event.key === 'ArrowUp' ? -1 : 1, event.shiftKey);
    }
    if (event.altKey) return null;
    if (event.shiftKey && event.key === 'PageUp' && room) return () => room.oldestUnread();
    if (event.key === 'Escape' && room) return () => room.escape();
    if (event.key === '?' && !isWriting(event.target)) return () => dialogs.show('keys');
    return null;
  })();
  if (!run) return;
  event.preventDefault();
  run();
}
