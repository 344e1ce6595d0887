import { OrderchatError } from './errors.js';
import { Signal } from './signal.js';
import type { Clock, Draft, PendingMessage, Storage } from './types.js';
import type { AttachmentView, MessageView } from './wire.js';

/** Uploads at a time; the server takes three of a user. */
const UPLOADS = 2;
/** What failed for now is tried again after so long if the server does not say, then twice as long. */
const AGAIN_MS = 1000;
const AGAIN_CAP_MS = 30_000;

interface Parts {
  clock: Clock;
  storage: Storage;
  /** Where there are tabs. */
  locks: Pick<LockManager, 'request'> | undefined;
  /** Server time. */
  now(): number;
  isOnline(): boolean;
  send(item: PendingMessage): Promise<MessageView>;
  upload(
    item: PendingMessage,
    signal: AbortSignal,
    onProgress: (progress: number) => void,
  ): Promise<AttachmentView>;
  onAccepted(message: MessageView): void;
}

/** What is kept of a message: it, and which tab sends it. */
interface Kept {
  item: PendingMessage;
  tab: string;
}

export const randomId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');

/**
 * Own messages that the server has not accepted. They are kept until it has, and sent in order, one at a
 * time in each room, each always under the same key: so each is there once, whatever happens in between.
 *
 * A message is sent by the tab in which it was written. Each tab holds a lock while it lives; another one
 * that gets it takes over what is left.
 */
export class Outbox {
  readonly items = new Signal<readonly PendingMessage[]>([]);
  readonly #tab = randomId();
  #user: string | null = null;
  #lastAt = 0;
  #timer: unknown = null;
  #release: (() => void) | null = null;
  readonly #claimed = new Set<string>();
  readonly #uploads = new Map<string, AbortController>();
  readonly #tries = new Map<string, number>();

  constructor(private readonly parts: Parts) {
    const held = () => new Promise<void>((release) => (this.#release = release));
    parts.locks?.request(lockOf(this.#tab), held).catch(() => {});
  }

  /** Whose messages these are. Those of another user are put aside. */
  async setUser(user: string): Promise<void> {
    if (user === this.#user) return;
    const known = this.#user;
    this.#user = user;
    if (known !== null) this.items.set([]);
    for (const item of this.items.value) this.#keep(item);
    // What this tab left when somebody else signed in meanwhile.
    await this.#take(this.#tab, user);
    await this.adopt();
  }

  add(room: string, draft: Draft, file?: File): PendingMessage {
    const createdAt = Math.max(this.parts.now(), this.#lastAt + 1);
    this.#lastAt = createdAt;
    const item: PendingMessage = {
      clientMessageId: randomId(),
      room,
      content: draft.content.trim(),
      replyTo: draft.replyTo ?? null,
      metadata: draft.metadata ?? null,
      file: file
        ? { name: file.name, size: file.size, type: file.type, blob: file, progress: 0 }
        : null,
      attachment: null,
      createdAt,
      state: file ? 'uploading' : 'waiting',
      error: null,
      retryAt: null,
    };
    this.#insert([item]);
    this.#keep(item);
    if (file) void this.#upload(item);
    this.pump();
    return item;
  }

  retry(id: string): void {
    if (this.#find(id)?.state !== 'failed') return;
    this.#tries.delete(id);
    this.#change(id, { state: 'waiting', error: null, retryAt: null }, true);
    this.pump();
  }

  discard(id: string): void {
    if (this.#find(id)?.state !== 'sending') this.#remove(id);
  }

  /** A message that is there: if it is one of these, it is one no more. */
  seen({ client_message_id: id }: MessageView): void {
    if (id !== null && this.#find(id)) this.#remove(id);
  }

  /** The connection is there again. */
  resume(): void {
    for (const { clientMessageId: id, retryAt } of this.items.value) {
      if (retryAt !== null) this.#change(id, { retryAt: null });
    }
    void this.adopt();
    this.pump();
  }

  /** Sends what can be sent now. */
  readonly pump = (): void => {
    if (!this.parts.isOnline()) return;
    const now = this.parts.clock.now();
    const inFlight = this.items.value.filter(({ state }) => state === 'sending');
    const busy = new Set(inFlight.map(({ room }) => room));
    let next = Infinity;
    for (const item of this.items.value) {
      const isFile = item.file !== null && item.attachment === null;
      // Neither what was refused nor a file that is still on its way holds up what comes after it.
      if (item.state !== 'waiting' || (!isFile && busy.has(item.room))) continue;
      if (!isFile) busy.add(item.room);
      if (item.retryAt !== null && item.retryAt > now) next = Math.min(next, item.retryAt);
      else if (isFile) void this.#upload(item);
      else void this.#send(item);
    }
    this.parts.clock.clearTimeout(this.#timer);
    if (next < Infinity) this.#timer = this.parts.clock.setTimeout(this.pump, next - now);
  };

  /** Takes over what tabs that are gone have left. */
  async adopt(): Promise<void> {
    const { locks } = this.parts;
    const user = this.#user;
    if (user === null) return;
    for (const [, { tab }] of await this.#kept()) {
      if (tab === this.#tab || this.#claimed.has(tab)) continue;
      this.#claimed.add(tab);
      const take = () => this.#take(tab, user).finally(() => this.#claimed.delete(tab));
      if (locks) locks.request(lockOf(tab), take).catch(() => {});
      else await take();
    }
  }

  async close(forget: boolean): Promise<void> {
    this.parts.clock.clearTimeout(this.#timer);
    for (const upload of this.#uploads.values()) upload.abort();
    if (forget) for (const [key] of await this.#kept()) await this.parts.storage.delete(key);
    this.#user = null;
    this.items.set([]);
    this.#release?.();
  }

  async #take(tab: string, user: string): Promise<void> {
    const left = (await this.#kept()).filter(([, kept]) => kept.tab === tab);
    if (user !== this.#user) return;
    const items = left
      .map(([, { item }]) => revived(item))
      .filter((item) => !this.#find(item.clientMessageId));
    this.#insert(items);
    for (const item of items) this.#keep(item);
    this.pump();
  }

  async #send(item: PendingMessage): Promise<void> {
    const id = item.clientMessageId;
    this.#change(id, { state: 'sending', retryAt: null });
    try {
      const message = await this.parts.send(item);
      this.parts.onAccepted(message);
      this.#remove(id);
    } catch (error) {
      this.#refused(id, error);
    }
    this.pump();
  }

  async #upload(item: PendingMessage): Promise<void> {
    const id = item.clientMessageId;
    if (!item.file?.blob) {
      const error = new OrderchatError({ type: 'gone', title: 'The file is no longer there' });
      return this.#change(id, { state: 'failed', error }, true);
    }
    if (this.#uploads.size >= UPLOADS) return this.#change(id, { state: 'waiting' });
    const control = new AbortController();
    this.#uploads.set(id, control);
    const onProgress = (progress: number) => {
      const file = this.#find(id)?.file;
      if (file) this.#change(id, { file: { ...file, progress } });
    };
    this.#change(id, { state: 'uploading', retryAt: null });
    try {
      const attachment = await this.parts.upload(item, control.signal, onProgress);
      this.#tries.delete(id);
      this.#change(id, { attachment, state: 'waiting' }, true);
    } catch (error) {
      this.#refused(id, error);
    } finally {
      this.#uploads.delete(id);
    }
    this.pump();
  }

  #refused(id: string, cause: unknown): void {
    const error =
      cause instanceof OrderchatError ? cause : new OrderchatError({ detail: String(cause) });
    if (!error.isTemporary) return this.#change(id, { state: 'failed', error }, true);
    const tries = this.#tries.get(id) ?? 0;
    this.#tries.set(id, tries + 1);
    const wait = error.retryAfter ? error.retryAfter * 1000 : AGAIN_MS * 2 ** Math.min(tries, 5);
    // Without a connection it goes on with the next one.
    const retryAt = this.parts.isOnline()
      ? this.parts.clock.now() + Math.min(wait, AGAIN_CAP_MS)
      : null;
    this.#change(id, { state: 'waiting', error, retryAt });
  }

  #find(id: string): PendingMessage | undefined {
    return this.items.value.find((item) => item.clientMessageId === id);
  }

  #insert(items: readonly PendingMessage[]): void {
    const all = [...this.items.value, ...items];
    this.items.set(all.sort((a, b) => a.createdAt - b.createdAt));
  }

  #change(id: string, fields: Partial<PendingMessage>, keep = false): void {
    const change = (item: PendingMessage) =>
      item.clientMessageId === id ? { ...item, ...fields } : item;
    this.items.set(this.items.value.map(change));
    const item = this.#find(id);
    if (keep && item) this.#keep(item);
  }

  #remove(id: string): void {
    const item = this.#find(id);
    if (!item) return;
    this.#uploads.get(id)?.abort();
    this.#tries.delete(id);
    this.items.set(this.items.value.filter((other) => other !== item));
    if (this.#user !== null) void this.parts.storage.delete(this.#key(item));
  }

  #key({ createdAt, clientMessageId }: PendingMessage): string {
    const at = String(Math.trunc(createdAt)).padStart(15, '0');
    return `${prefixOf(this.#user!)}${at}/${clientMessageId}`;
  }

  #keep(item: PendingMessage): void {
    if (this.#user === null) return;
    const error = item.error && { ...item.error };
    const kept = { item: { ...item, error }, tab: this.#tab };
    this.parts.storage.set(this.#key(item), kept).catch(() => {});
  }

  async #kept(): Promise<[string, Kept][]> {
    if (this.#user === null) return [];
    return (await this.parts.storage.entries(prefixOf(this.#user))) as [string, Kept][];
  }
}

const lockOf = (tab: string) => `orderchat/${tab}`;
const prefixOf = (user: string) => `${encodeURIComponent(user)}/outbox/`;

/** What was under way when its tab ended waits again. */
function revived(item: PendingMessage): PendingMessage {
  const { error: old } = item;
  const error = old && new OrderchatError({ ...old, type: old.code, errors: [...old.errors] }, old);
  const state = item.state === 'failed' ? 'failed' : 'waiting';
  return { ...item, error, state, retryAt: null };
}
