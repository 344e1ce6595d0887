/** So near the end one is at it. */
const NEAR = 80;

type Box = Pick<Element, 'scrollTop' | 'clientHeight' | 'scrollHeight'>;

/** Whether the reader is at the end. There they stay, however much comes or grows below them, until they go
 *  up: a box that has grown under somebody looks as if they had gone, and nobody has. */
export class End {
  isHeld = $state(true);
  #top = 0;

  /** Wherever the reader is: they want to be at the end. */
  take(): void {
    this.isHeld = true;
    this.#top = 0;
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
