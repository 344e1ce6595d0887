import { locale } from '../i18n/index.svelte.js';

/** Dates and sizes as the reader's language and clock write them. `Intl` objects are costly to make,
 *  so each is made once for a language. */
const made = new Map<string, Intl.DateTimeFormat>();

function format(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale.tag} ${name}`;
  let found = made.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale.tag, options);
    made.set(key, found);
  }
  return found;
}

export const time = (at: Date) => format('time', { timeStyle: 'short' }).format(at);

export const full = (at: Date) =>
  format('full', { dateStyle: 'full', timeStyle: 'short' }).format(at);

export const dateTime = (at: Date) =>
  format('dateTime', { dateStyle: 'medium', timeStyle: 'short' }).format(at);

/** The local calendar day, as a key. */
export const dayKey = (at: Date) => at.toDateString();

function daysBetween(now: Date, at: Date): number {
  const noon = (date: Date) => new Date(date).setHours(12, 0, 0, 0);
  return Math.round((noon(now) - noon(at)) / 86_400_000);
}

/** "Today", "Yesterday", the weekday within a week, else the full date. */
export function day(at: Date, now: Date): string {
  const days = daysBetween(now, at);
  if (days === 0 || days === 1) {
    const text = new Intl.RelativeTimeFormat(locale.tag, { numeric: 'auto' }).format(-days, 'day');
    return text.charAt(0).toLocaleUpperCase(locale.tag) + text.slice(1);
  }
  if (days > 1 && days < 7) return format('weekday', { weekday: 'long' }).format(at);
  return format('date', { dateStyle: 'long' }).format(at);
}

/** As short as a list's column allows: the time today, the weekday this week, else the date. */
export function short(at: Date, now: Date): string {
  const days = daysBetween(now, at);
  if (days === 0) return time(at);
  if (days > 0 && days < 7) return format('shortWeekday', { weekday: 'short' }).format(at);
  return format('shortDate', { day: 'numeric', month: 'numeric', year: '2-digit' }).format(at);
}

/** "in 12 min", "3 min ago". */
export function relative(at: Date, now: Date): string {
  const seconds = (at.getTime() - now.getTime()) / 1000;
  const rtf = new Intl.RelativeTimeFormat(locale.tag, { numeric: 'auto', style: 'short' });
  const abs = Math.abs(seconds);
  if (abs < 45) return rtf.format(0, 'minute');
  if (abs < 3600) return rtf.format(Math.round(seconds / 60), 'minute');
  if (abs < 86_400) return rtf.format(Math.round(seconds / 3600), 'hour');
  return rtf.format(Math.round(seconds / 86_400), 'day');
}

export function size(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return new Intl.NumberFormat(locale.tag, {
    style: 'unit',
    unit: units[unit] as string,
    unitDisplay: unit ? 'short' : 'long',
    maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0,
  }).format(value);
}

export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

export { number } from '../i18n/index.svelte.js';
