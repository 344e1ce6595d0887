import { describe, expect, it } from 'vitest';
import { End } from './end.svelte.js';

const box = (scrollTop: number, scrollHeight: number) => ({
  scrollTop,
  scrollHeight,
  clientHeight: 500,
});

describe('End', () => {
  it('T6: holds within 80 px of the end, and no further up', () => {
    const end = new End();
    expect(end.look(box(1000, 1500), true)).toBe(true);
    expect(end.look(box(920, 1500), true)).toBe(true);
    expect(end.look(box(918, 1500), true)).toBe(false);
    expect(end.look(box(1000, 1500), true)).toBe(true);
  });

  it('T6: holds who stands still while something grows below, however tall', () => {
    const end = new End();
    end.look(box(1000, 1500), true);
    expect(end.look(box(1000, 1900), true)).toBe(true);
    // Gone up while it grew.
    expect(end.look(box(400, 1900), true)).toBe(false);
    // Coming down is not yet being there.
    expect(end.look(box(1200, 1900), true)).toBe(false);
    expect(end.look(box(1400, 1900), true)).toBe(true);
  });

  it('T6: holds whom the list has moved up while more grew below, not who had gone up before it did', () => {
    const list = {
      ...box(1000, 1500),
      scrollTo: ({ top = 0 }: ScrollToOptions) => void (list.scrollTop = top),
      scrollBy: ({ top = 0 }: ScrollToOptions) => void (list.scrollTop += top),
    };
    const end = new End();
    end.look(list, true);
    end.watch(list as unknown as HTMLElement);
    list.scrollHeight = 1900;
    list.scrollBy({ top: -43 });
    expect(end.look(list, true)).toBe(true);
    list.scrollTo({ top: 900 });
    expect(end.look(list, true)).toBe(true);
    list.scrollTop = 600;
    list.scrollBy({ top: 20 });
    expect(end.look(list, true)).toBe(false);
  });

  it('T8: the end of what is loaded is not the end while something newer is not', () => {
    const end = new End();
    end.look(box(1000, 1500), false);
    expect(end.look(box(1000, 1900), false)).toBe(false);
  });

  it('T7: who wants to be there is, from wherever', () => {
    const end = new End();
    end.look(box(1000, 1500), true);
    end.look(box(100, 1500), true);
    end.take();
    expect(end.look(box(100, 1500), true)).toBe(true);
  });
});
