/** From one part of the page to the next: list, conversation, composer, details. */
export function goOn(step: 1 | -1): void {
  const stops = [
    ...document.querySelectorAll<HTMLElement>(
      '#rooms a[tabindex="0"], [role=log], [data-composer], aside button',
    ),
  ];
  const parts = stops.filter(
    (stop, index) =>
      stop.offsetParent !== null &&
      (!stop.closest('aside') || stops.findIndex((one) => one.closest('aside')) === index),
  );
  const now = parts.findIndex(
    (part) =>
      part === document.activeElement ||
      (part.closest('aside, nav, [role=log]')?.contains(document.activeElement) ?? false),
  );
  parts[(now + step + parts.length) % parts.length]?.focus();
}
