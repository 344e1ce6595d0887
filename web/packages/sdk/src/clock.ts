import type { Clock } from './types.js';

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, milliseconds) => setTimeout(callback, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

/** At most one run waits: the first call decides when. */
export function gathered(clock: Clock, milliseconds: number, run: () => void) {
  let timer: unknown = null;
  return {
    ask(): void {
      timer ??= clock.setTimeout(() => {
        timer = null;
        run();
      }, milliseconds);
    },
    cancel(): void {
      clock.clearTimeout(timer);
      timer = null;
    },
  };
}
