import type { BrowserContext, Page } from 'playwright';

export interface State {
  name: string;
  /** Whose eyes: a role of the order's people; null for the demo's own page. */
  as: string | null;
  /** A selector of what it is about. */
  shows: string;
}
export interface DemoOrder {
  order: string;
  room: string;
  closed: string;
  people: Record<string, string>;
  past: Record<string, string>;
}
export const states: readonly State[];
export const sizes: Record<string, { width: number; height: number }>;
export const themes: readonly ['light', 'dark'];
export function demoOf(url: string): Promise<DemoOrder>;
export function enter(
  context: BrowserContext,
  url: string,
  state: State,
  demo: DemoOrder,
  still?: boolean,
): Promise<Page>;
