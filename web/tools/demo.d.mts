export interface Demo {
  url: string;
  stop(): Promise<void>;
}
export function freePort(): Promise<number>;
export function startDemo(): Promise<Demo>;
