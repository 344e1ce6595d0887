import type { OrderchatError } from './errors.js';
import type { Signal } from './signal.js';
import { defaultStorage } from './storage.js';
import type { Clock, Draft, PendingMessage, Storage } from './types.js';

interface Parts {
  clock: Clock;
  drafts: Signal<ReadonlyMap<string, Draft>>;
  storage?: Storage | undefined;
  /** Handed over, so that this module shares nothing with those that are loaded at once. */
  Failure: typeof OrderchatError;
  /** Where there are tabs. */
  locks: Pick<LockManager, 'request'> | undefined;
  /** Messages that were left: by this tab before, or by one that is gone. */
  found(items: readonly PendingMessage[]): void;
}

/** A message as it was kept: of its error the fields. */
type LeftMessage = Omit<PendingMessage, 'error'> & {
  error: Omit<OrderchatError, 'isTemporary'> | null;
};

/** What is kept of a message: it, and which tab sends it. */
interface Entry {
  item: LeftMessage;
  tab: string;
}

/**
 * Keeps drafts and outbox of a user beyond the page, and hands back what was left. Each tab holds a lock
 * while it lives; another one that gets it takes over what is left in the outbox.
 */
export class Kept {
  readonly #tab = crypto.getRandomValues(new Uint32Array(4)).join('-');
  readonly #storage: Storage;
  readonly #drafts: KeptDrafts;
  #user: string | null = null;
  #release: (() => void) | null = null;
  readonly #claimed = new Set<string>();

  constructor(private readonly parts: Parts) {
    this.#storage = parts.storage ?? defaultStorage();
    this.#drafts = new KeptDrafts(parts.clock, this.#storage, parts.drafts);
    const held = () => new Promise<void>((release) => (this.#release = release));
    parts.locks?.request(lockOf(this.#tab), held).catch(() => {});
  }

  /** Whose messages these are; at once, so that what is kept next is this user's. */
  async setUser(user: string): Promise<void> {
    this.#user = user;
    void this.#drafts.setUser(user);
    // What this tab left when somebody else signed in meanwhile.
    await this.#take(this.#tab, user);
    await this.adopt();
  }

  /** Takes over what tabs that are gone have left. */
  async adopt(): Promise<void> {
    const { locks } = this.parts;
    const user = this.#user;
    if (user === null) return;
    for (const [, { tab }] of await this.#entries()) {
      if (tab === this.#tab || this.#claimed.has(tab)) continue;
      this.#claimed.add(tab);
      const take = () => this.#take(tab, user).finally(() => this.#claimed.delete(tab));
      if (locks) locks.request(lockOf(tab), take).catch(() => {});
      else await take();
    }
  }

  async keep(item: PendingMessage): Promise<void> {
    if (this.#user === null) return;
    const error = item.error && { ...item.error };
    const entry: Entry = { item: { ...item, error }, tab: this.#tab };
    await this.#storage.set(this.#key(item), entry);
  }

  async forget(item: PendingMessage): Promise<void> {
    if (this.#user === null) return;
    await this.#storage.delete(this.#key(item));
  }

  async close(forget: boolean): Promise<void> {
    if (forget) for (const [key] of await this.#entries()) await this.#storage.delete(key);
    if (forget) this.parts.drafts.set(new Map());
    await this.#drafts.flush();
    this.#user = null;
    this.#release?.();
  }

  async #take(tab: string, user: string): Promise<void> {
    const left = (await this.#entries()).filter(([, entry]) => entry.tab === tab);
    if (user === this.#user)
      this.parts.found(left.map(([, { item }]) => revived(item, this.parts.Failure)));
  }

  #key({ createdAt, clientMessageId }: PendingMessage): string {
    const at = String(Math.trunc(createdAt)).padStart(15, '0');
    return `${prefixOf(this.#user!)}${at}/${clientMessageId}`;
  }

  async #entries(): Promise<[string, Entry][]> {
    if (this.#user === null) return [];
    const prefix = prefixOf(this.#user);
    return (await this.#storage.entries(prefix)) as [string, Entry][];
  }
}

/** What was under way when its tab ended waits again. */
function revived(item: LeftMessage, Failure: typeof OrderchatError): PendingMessage {
  const { error: old } = item;
  const error = old && new Failure({ ...old, type: old.code, errors: [...old.errors] }, old);
  const state = item.state === 'failed' ? 'failed' : 'waiting';
  return { ...item, error, state, retryAt: null };
}

const lockOf = (tab: string) => `orderchat/${tab}`;
const prefixOf = (user: string) => `${encodeURIComponent(user)}/outbox/`;

/** Keys come fast; a crash may cost what was typed in the last of these. */
const KEEP_MS = 300;

/** Keeps the drafts of a user beyond the page. */
export class KeptDrafts {
  #user: string | null = null;
  /** As they are in the storage. */
  #kept: ReadonlyMap<string, Draft> = new Map();
  #timer: unknown = null;

  constructor(
    private readonly clock: Clock,
    private readonly storage: Storage,
    private readonly drafts: Signal<ReadonlyMap<string, Draft>>,
  ) {
    drafts.subscribe(() => {
      this.#timer ??= clock.setTimeout(() => void this.flush(), KEEP_MS);
    });
  }

  async setUser(user: string): Promise<void> {
    if (user === this.#user) return;
    if (this.#user !== null) {
      await this.flush();
      this.drafts.set(new Map());
    }
    this.#user = user;
    this.#kept = new Map();
    const prefix = this.#key('');
    const entries = (await this.storage.entries(prefix).catch(() => [])) as [string, Draft][];
    if (user !== this.#user) return;
    this.#kept = new Map(entries.map(([key, draft]) => [key.slice(prefix.length), draft]));
    // What was typed while they were read is newer.
    this.drafts.set(new Map([...this.#kept, ...this.drafts.value]));
  }

  async flush(): Promise<void> {
    this.clock.clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#user === null) return;
    const [before, now] = [this.#kept, this.drafts.value];
    this.#kept = now;
    const rooms = [...new Set([...before.keys(), ...now.keys()])];
    const changed = rooms
      .filter((room) => before.get(room) !== now.get(room))
      .map((room) => [this.#key(room), now.get(room)] as const);
    const write = ([key, draft]: (typeof changed)[number]) =>
      draft ? this.storage.set(key, draft) : this.storage.delete(key);
    await Promise.all(changed.map(write)).catch(() => {});
  }

  #key(room: string): string {
    return `${encodeURIComponent(this.#user!)}/draft/${room}`;
  }
}
