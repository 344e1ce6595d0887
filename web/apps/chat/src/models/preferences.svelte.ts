import { locale, preferredLanguage, type Language } from '@orderchat/ui/i18n/index.svelte.js';

export type Theme = 'system' | 'light' | 'dark';

interface Kept {
  theme?: Theme;
  language?: Language;
  sound?: boolean;
}

/** What a reader set for this browser; all windows and panes of it agree. */
const KEY = 'orderchat.preferences';

function kept(): Kept {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}') as Kept;
  } catch {
    return {};
  }
}

class Preferences {
  theme: Theme = $state('system');
  sound = $state(true);
  readonly ready: Promise<void>;

  constructor() {
    this.ready = this.#take(kept());
    addEventListener('storage', (event) => {
      if (event.key === KEY) void this.#take(kept());
    });
  }

  async #take(from: Kept): Promise<void> {
    this.theme = from.theme ?? 'system';
    this.sound = from.sound ?? true;
    const root = document.documentElement;
    if (this.theme === 'system') delete root.dataset['theme'];
    else root.dataset['theme'] = this.theme;
    const language = preferredLanguage(from.language);
    await locale.use(language);
  }

  set(changes: Kept): void {
    const next = { ...kept(), ...changes };
    try {
      localStorage.setItem(KEY, JSON.stringify(next));
    } catch {
      // Without storage (a blocked third-party frame) they hold until the page is closed.
    }
    void this.#take(next);
  }
}

export const preferences = new Preferences();
