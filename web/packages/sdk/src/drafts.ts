import { Signal } from './signal.js';
import type { Draft, Drafts } from './types.js';

/** What one was about to say. `Kept` keeps it beyond the page. */
export class DraftStore implements Drafts {
  readonly all = new Signal<ReadonlyMap<string, Draft>>(new Map());

  get value(): ReadonlyMap<string, Draft> {
    return this.all.value;
  }

  subscribe(listener: (drafts: ReadonlyMap<string, Draft>) => void): () => void {
    return this.all.subscribe(listener);
  }

  get(room: string): Draft | null {
    return this.value.get(room) ?? null;
  }

  set(room: string, draft: Draft | null): void {
    const drafts = new Map(this.value);
    if (draft?.content.trim() || draft?.replyTo) drafts.set(room, draft);
    else if (!drafts.delete(room)) return;
    this.all.set(drafts);
  }
}
