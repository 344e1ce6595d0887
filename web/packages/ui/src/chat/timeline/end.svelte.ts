/** So near the end one is at it. */
const NEAR = 80;

type Box = Pick<Element, 'scrollTop' | 'clientHeight' | 'scrollHeight'>;

/** Whether the reader is at the end. There they stay, however much comes or grows below them, until they go
 *  up: a box that has grown under somebody looks as if they had gone, and nobody has; nor has who is moved
 *  by the list (`watch`). */
export class End {
  isHeld = $state(true);
  #top = 0;

  /** Wherever the reader is: they want to be at the end. */
  take(): void {
    this.isHeld = true;
    this.#top = 0;
  }

  /** Tells the list's own moves from the reader's. With these two calls, which nobody else makes, it holds in
   *  place what is looked at while rows above it turn out smaller than expected: up, as if the reader went. */
  watch(box: HTMLElement): void {
    for (const name of ['scrollTo', 'scrollBy'] as const) {
      const move = box[name].bind(box) as (to?: ScrollToOptions) => void;
      box[name] = (to?: ScrollToOptions | number) => {
        if (this.isHeld) this.look(box, true);
        move(to as ScrollToOptions);
        if (this.isHeld) this.#top = box.scrollTop;
      };
    }
  }

  /** Looks where the reader is now; `isLast`: nothing is newer than what the box has. */
  look({ scrollTop, clientHeight, scrollHeight }: Box, isLast: boolean): boolean {
    if (scrollHeight - scrollTop - clientHeight <= NEAR) {
      this.isHeld = true;
      this.#top = scrollTop;
    } else if (!isLast || scrollTop < this.#top - 1) this.isHeld = false;
    return this.isHeld;
  }
}
