import { OrderchatError } from '@orderchat/sdk';
import { words } from '../i18n/errors.js';

/** The sending of a form: one at a time, and what was wrong with it is shown until the next try. */
export class Submission {
  busy = $state(false);
  #error: unknown = $state.raw(null);

  constructor(private readonly send: () => Promise<void>) {}

  /** For `onsubmit` of the form. */
  readonly submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (this.busy) return;
    this.busy = true;
    this.#error = null;
    try {
      await this.send();
    } catch (error) {
      this.#error = error;
    } finally {
      this.busy = false;
    }
  };

  get failed(): boolean {
    return this.#error !== null;
  }

  /** What went wrong, in the reader's language. */
  get error(): string | undefined {
    return this.failed ? words(this.#error) : undefined;
  }

  /** What is wrong with one field, by its JSON pointer. */
  at(pointer: string): string | undefined {
    const errors = this.#error instanceof OrderchatError ? this.#error.errors : [];
    return errors.find((one) => one.pointer.startsWith(pointer))?.detail;
  }

  /** What went wrong, unless it is told at one of these fields. */
  beside(...pointers: string[]): string | undefined {
    return pointers.some((pointer) => this.at(pointer)) ? undefined : this.error;
  }
}
