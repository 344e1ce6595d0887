import type { Clock } from './types.js';

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, milliseconds) => setTimeout(callback, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

/** Asks for a run that gathers what is asked for meanwhile: at most one waits, the first call decides when. */
export function gathered(clock: Clock, milliseconds: number, run: () => void): () => void {
  let timer: unknown = null;
  return () => {
    timer ??= clock.setTimeout(() => {
      timer = null;
      run();
    }, milliseconds);
  };
}
