/** How the site around these pages wants them to look: its own colour, and light or dark as it is. */
export interface Look {
  accent?: unknown;
  accentInk?: unknown;
  theme?: unknown;
}

const isColour = (value: unknown): value is string =>
  typeof value === 'string' && CSS.supports('color', value);

export function wear({ accent, accentInk, theme }: Look): void {
  const root = document.documentElement;
  if (isColour(accent)) {
    root.style.setProperty('--order-chat-accent', accent);
    root.style.setProperty('--order-chat-accent-ink', isColour(accentInk) ? accentInk : '#fff');
    root.dataset['accent'] = '';
  }
  if (theme === 'light' || theme === 'dark') root.dataset['theme'] = theme;
}
