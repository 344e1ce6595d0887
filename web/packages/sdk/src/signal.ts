import { gathered } from './clock.js';
import type { Clock, Readable } from './types.js';

/** A value with listeners: what a {@link Readable} is inside. */
export class Signal<T> implements Readable<T> {
  #value: T;
  readonly #listeners = new Set<(value: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    if (value === this.#value) return;
    this.#value = value;
    this.notify();
  }

  protected notify(): void {
    const value = this.#value;
    for (const listener of [...this.#listeners]) {
      // A listener has set another value: everybody was told of that one.
      if (this.#value !== value) return;
      listener(value);
    }
  }

  /** Replaces the object by one with these fields; nothing when they are as they were. */
  patch(fields: Partial<T>): void {
    const changed = Object.entries(fields).some(
      ([key, value]) => this.#value[key as keyof T] !== value,
    );
    if (changed) this.set({ ...this.#value, ...fields });
  }

  subscribe(listener: (value: T) => void): () => void {
    // A wrapper, so that the same function can listen twice.
    const own = (value: T) => listener(value);
    this.#listeners.add(own);
    own(this.#value);
    return () => this.#listeners.delete(own);
  }
}

/** Two notifications are at least a frame of the screen apart: a thousand events are not a thousand renderings. */
const FRAME_MS = 16;

/** Tells the first change at once, and those that follow closely together. */
export class PacedSignal<T> extends Signal<T> {
  #isPaced = false;
  #isChanged = false;
  readonly #pace;

  constructor(value: T, clock: Clock) {
    super(value);
    this.#pace = gathered(clock, FRAME_MS, () => {
      this.#isPaced = false;
      if (this.#isChanged) this.notify();
    });
  }

  protected override notify(): void {
    this.#isChanged = this.#isPaced;
    if (this.#isPaced) return;
    this.#isPaced = true;
    this.#pace();
    super.notify();
  }
}
