import { gathered } from './clock.js';
import { Signal } from './signal.js';
import type { Clock, Draft, Drafts, Storage } from './types.js';

/** Keys come fast; a crash may cost what was typed in the last of these. */
const KEEP_MS = 300;

export class DraftStore implements Drafts {
  readonly #drafts = new Signal<ReadonlyMap<string, Draft>>(new Map());
  #user: string | null = null;
  readonly #changed = new Set<string>();
  readonly #keep;

  constructor(
    clock: Clock,
    private readonly storage: Storage,
  ) {
    this.#keep = gathered(clock, KEEP_MS, () => void this.flush());
  }

  get value(): ReadonlyMap<string, Draft> {
    return this.#drafts.value;
  }

  subscribe(listener: (drafts: ReadonlyMap<string, Draft>) => void): () => void {
    return this.#drafts.subscribe(listener);
  }

  async setUser(user: string): Promise<void> {
    if (user === this.#user) return;
    if (this.#user !== null) {
      await this.flush();
      this.#drafts.set(new Map());
    }
    this.#user = user;
    const prefix = this.#key('');
    const kept = (await this.storage.entries(prefix).catch(() => [])) as [string, Draft][];
    const drafts = kept.map(([key, draft]) => [key.slice(prefix.length), draft] as const);
    // What was typed while they were read is newer.
    if (user === this.#user) this.#drafts.set(new Map([...drafts, ...this.value]));
  }

  get(room: string): Draft | null {
    return this.value.get(room) ?? null;
  }

  set(room: string, draft: Draft | null): void {
    const drafts = new Map(this.value);
    if (draft?.content.trim() || draft?.replyTo) drafts.set(room, draft);
    else if (!drafts.delete(room)) return;
    this.#drafts.set(drafts);
    this.#changed.add(room);
    this.#keep.ask();
  }

  async flush(): Promise<void> {
    this.#keep.cancel();
    if (this.#user === null) return;
    const rooms = [...this.#changed];
    this.#changed.clear();
    const write = (room: string) => {
      const draft = this.get(room);
      return draft
        ? this.storage.set(this.#key(room), draft)
        : this.storage.delete(this.#key(room));
    };
    await Promise.all(rooms.map(write)).catch(() => {});
  }

  async close(forget: boolean): Promise<void> {
    if (forget) for (const room of [...this.value.keys()]) this.set(room, null);
    await this.flush();
  }

  #key(room: string): string {
    return `${encodeURIComponent(this.#user ?? '')}/draft/${room}`;
  }
}
