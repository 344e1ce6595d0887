import type { Catalogue, Key } from './en.js';

/** The language of the pages. `en` is the type of the others; each is loaded when it is wanted, before
 *  anything is shown. Texts have `{name}` in them; where a number decides, an object of plural forms. */
export type Text = string | Partial<Record<Intl.LDMLPluralRule, string>>;
export type Language = 'en' | 'de' | 'ar';

export const languages: Record<Language, string> = { en: 'English', de: 'Deutsch', ar: 'العربية' };

const load: Record<Language, () => Promise<Catalogue>> = {
  en: async () => (await import('./en.js')).en,
  de: async () => (await import('./de.js')).de,
  ar: async () => (await import('./ar.js')).ar,
};

class Locale {
  #catalogue: Partial<Catalogue> = $state.raw({});
  #language: Language = $state('en');
  #tag = $state('en');
  #loaded: Language | null = null;

  get language(): Language {
    return this.#language;
  }

  /** For `Intl`: the reader's own region when it speaks the language, so that clocks are as at home. */
  get tag(): string {
    return this.#tag;
  }

  get direction(): 'ltr' | 'rtl' {
    return this.#language === 'ar' ? 'rtl' : 'ltr';
  }

  async use(language: Language): Promise<void> {
    if (language === this.#loaded) return;
    this.#loaded = language;
    this.#catalogue = await load[language]();
    this.#language = language;
    this.#tag = navigator.languages.find((tag) => tag.split('-')[0] === language) ?? language;
    document.documentElement.lang = language;
    document.documentElement.dir = this.direction;
  }

  has(key: string): key is Key {
    return key in this.#catalogue;
  }

  text(key: Key): Text {
    return (this.#catalogue[key] ?? key) as Text;
  }
}

export const locale = new Locale();

/** The reader's own choice, else the first of the browser's languages that there is. */
export function preferredLanguage(chosen?: string | null): Language {
  const wanted = [chosen, ...navigator.languages].map((tag) => tag?.split('-')[0]);
  return (wanted.find((tag) => tag !== undefined && tag in languages) as Language) ?? 'en';
}

/** Made once for a language: making one takes longer than using it a thousand times. */
function once<T>(make: (tag: string) => T): () => T {
  let tag = '';
  let made: T;
  return () => {
    if (tag !== locale.tag) {
      tag = locale.tag;
      made = make(tag);
    }
    return made;
  };
}

const plural = once((tag) => new Intl.PluralRules(tag));
const digits = once((tag) => new Intl.NumberFormat(tag));

export const number = (value: number): string => digits().format(value);

export function t(key: Key, values: Record<string, string | number> = {}): string {
  const found = locale.text(key);
  let text: string;
  if (typeof found === 'string') text = found;
  else {
    const rule = plural().select(Number(values['n'] ?? 0));
    text = found[rule] ?? found.other ?? '';
  }
  return text.replace(/\{(\w+)\}/gu, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? number(value) : value;
  });
}

export type { Key };
