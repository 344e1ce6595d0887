/** A row of the class `sideways` is moved by a wheel and by the keyboard as it is by a finger. */
export function sideways(row: HTMLElement): void {
  row.addEventListener('wheel', ({ deltaX, deltaY }) => {
    if (deltaX !== 0) return;
    row.scrollLeft += getComputedStyle(row).direction === 'rtl' ? -deltaY : deltaY;
  });
  // What is only half in view, browsers leave so.
  row.addEventListener('focusin', ({ target }) =>
    (target as Element).scrollIntoView({ block: 'nearest', inline: 'nearest' }),
  );
}
