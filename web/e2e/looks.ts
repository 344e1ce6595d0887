// What a person would see at once: something that is wider than the window, or cut off.
import type { Page } from './fixtures.js';

/** What stands out of the window on its side. */
export const wide = (page: Page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const all = [...document.querySelectorAll('body *')];
    return all
      .filter((one) => one.getBoundingClientRect().right > clientWidth + 1)
      .map((one) => `${one.tagName}.${one.className}`);
  });

/** Text that its own box hides, or that runs over a button's edge; what ends in … is meant to. */
export const cut = (page: Page) =>
  page.evaluate(() => {
    const isMeant = (one: Element) => {
      const style = getComputedStyle(one);
      return style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none';
    };
    return [...document.querySelectorAll<HTMLElement>('#app *')]
      .filter((one) => one.checkVisibility({ visibilityProperty: true }))
      .filter((one) =>
        [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent!.trim()),
      )
      .filter((one) => !isMeant(one) && !one.closest('.visually-hidden, textarea, option, select'))
      .filter((one) => {
        const { overflowX, overflowY, display } = getComputedStyle(one);
        if (display === 'inline') return false;
        const isHidden = overflowX !== 'visible' || overflowY !== 'visible';
        const isControl = one.matches('button, a, [role=tab]');
        return (
          (isHidden && one.scrollHeight > one.clientHeight + 1) ||
          ((isHidden || isControl) && one.scrollWidth > one.clientWidth + 1)
        );
      })
      .map((one) => `${one.tagName}.${one.className} "${one.textContent!.trim().slice(0, 30)}"`);
  });
