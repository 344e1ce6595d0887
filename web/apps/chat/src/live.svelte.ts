import type { Readable } from '@orderchat/sdk';
import { createSubscriber } from 'svelte/reactivity';

/** A value of the SDK, as one that templates and `$derived` follow. The first change is shown at once;
 *  of many in a row, one in each `restMs`, so that a burst of news leaves time to draw. */
export class Live<T> {
  readonly #source: Readable<T>;
  readonly #follow: () => void;
  #shown: T;

  constructor(source: Readable<T>, restMs = 0) {
    this.#source = source;
    this.#shown = source.value;
    this.#follow = createSubscriber((update) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      let isFirst = true;
      const show = () => {
        this.#shown = source.value;
        update();
      };
      const later = () => {
        timer = undefined;
        if (this.#shown === source.value) return;
        timer = setTimeout(later, restMs);
        show();
      };
      const end = source.subscribe(() => {
        if (isFirst || timer) return;
        if (restMs > 0) timer = setTimeout(later, restMs);
        show();
      });
      isFirst = false;
      this.#shown = source.value;
      return () => {
        clearTimeout(timer);
        end();
      };
    });
  }

  get value(): T {
    this.#follow();
    // Outside of templates nobody follows: then it is what it is now.
    return $effect.tracking() ? this.#shown : this.#source.value;
  }
}
