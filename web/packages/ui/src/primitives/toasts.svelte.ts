/** Short notes over the messages, and the two voices for screen readers: one that waits its turn and
 *  one that interrupts. */
export interface Toast {
  id: number;
  text: string;
  kind: 'info' | 'ok' | 'error';
  action?: { label: string; run: () => void };
}

const STAYS_MS = 6_000;

class Toasts {
  all: Toast[] = $state.raw([]);
  polite = $state('');
  assertive = $state('');
  #last = 0;

  say(text: string, kind: Toast['kind'] = 'info', action?: Toast['action']): void {
    const id = ++this.#last;
    const same = this.all.filter((one) => one.text !== text);
    this.all = [...same.slice(-2), action ? { id, text, kind, action } : { id, text, kind }];
    this.speak(text, kind === 'error');
    if (!action) setTimeout(() => this.close(id), STAYS_MS + text.length * 40);
  }

  ok(text: string): void {
    this.say(text, 'ok');
  }

  error(text: string): void {
    this.say(text, 'error');
  }

  close(id: number): void {
    this.all = this.all.filter((one) => one.id !== id);
  }

  /** Read out, not shown. */
  speak(text: string, now = false): void {
    // The same text twice would not be read again; a zero-width space makes it another one.
    const varied = (before: string) => (before === text ? `${text}\u200b` : text);
    if (now) this.assertive = varied(this.assertive);
    else this.polite = varied(this.polite);
  }
}

export const toast = new Toasts();
