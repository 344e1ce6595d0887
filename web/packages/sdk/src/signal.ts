import type { Readable } from './types.js';

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
    for (const listener of [...this.#listeners]) {
      // A listener has set another value: everybody was told of that one.
      if (this.#value !== value) return;
      listener(value);
    }
  }

  /** Replaces the object by one with these fields; nothing when they are as they were. */
  patch(fields: Partial<T>): void {
    const changed = Object.entries(fields).some(([key, value]) => this.#value[key as keyof T] !== value);
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
