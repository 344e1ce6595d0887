import type { Readable } from '@orderchat/sdk';
import { createSubscriber } from 'svelte/reactivity';

/** A value of the SDK, as one that templates and `$derived` follow. */
export class Live<T> {
  readonly #source: Readable<T>;
  readonly #follow: () => void;

  constructor(source: Readable<T>) {
    this.#source = source;
    this.#follow = createSubscriber((update) => {
      let isFirst = true;
      const end = source.subscribe(() => {
        if (!isFirst) update();
      });
      isFirst = false;
      return end;
    });
  }

  get value(): T {
    this.#follow();
    return this.#source.value;
  }
}
