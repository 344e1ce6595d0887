import { OrderchatError } from './errors.js';
import type { Kept } from './kept.js';
import { Signal } from './signal.js';
import type { Clock, FileDraft, PendingMessage } from './types.js';
import type { AttachmentView, MessageView } from './wire.js';

/** Uploads at a time; the server takes three of a user. */
const UPLOADS = 2;
/** What failed for now is tried again after so long if the server does not say, then twice as long. */
const AGAIN_MS = 1000;
const AGAIN_CAP_MS = 30_000;

interface Parts {
  clock: Clock;
  connection: { readonly isOnline: boolean };
  /** Server time. */
  now(): number;
  /** Asks what keeps messages beyond this page, in the order of the calls. */
  keeping(ask: (kept: Kept) => Promise<void>): Promise<void>;
  send(item: PendingMessage): Promise<MessageView>;
  upload(
    item: PendingMessage,
    signal: AbortSignal,
    onProgress: (progress: number) => void,
  ): Promise<AttachmentView>;
  onAccepted(message: MessageView): void;
}

/**
 * Own messages that the server has not accepted. They are kept until it has, and sent in order, one at a
 * time in each room, each always under the same key: so each is there once, whatever happens in between.
 *
 * A message is sent by the tab in which it was written, or by the one that found it left ({@link Kept}).
 */
export class Outbox {
  readonly items = new Signal<readonly PendingMessage[]>([]);
  #user: string | null = null;
  #lastAt = 0;
  #timer: unknown = null;
  readonly #uploads = new Map<string, AbortController>();
  readonly #tries = new Map<string, number>();

  constructor(private readonly parts: Parts) {}

  /** Whose messages these are. Those of another user are put aside. */
  async setUser(user: string): Promise<void> {
    if (user === this.#user) return;
    if (this.#user !== null) this.items.set([]);
    this.#user = user;
    const found = this.parts.keeping((kept) => kept.setUser(user));
    for (const item of this.items.value) this.#keep(item);
    await found;
  }

  add(room: string, draft: FileDraft, file?: File): PendingMessage {
    const createdAt = Math.max(this.parts.now(), this.#lastAt + 1);
    this.#lastAt = createdAt;
    const item: PendingMessage = {
      clientMessageId: crypto.getRandomValues(new Uint32Array(4)).join('-'),
      room,
      content: draft.content.trim(),
      replyTo: draft.replyTo ?? null,
      metadata: draft.metadata ?? null,
      file: file
        ? {
            name: file.name,
            size: file.size,
            type: file.type,
            blob: file,
            purpose: draft.purpose ?? null,
            progress: 0,
          }
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
    if (id !== null) this.#remove(id);
  }

  /** The connection is there again. */
  resume(): void {
    for (const { clientMessageId: id, retryAt } of this.items.value) {
      if (retryAt !== null) this.#change(id, { retryAt: null });
    }
    void this.parts.keeping((kept) => kept.adopt());
    this.pump();
  }

  /** Sends what can be sent now. */
  readonly pump = (): void => {
    if (!this.parts.connection.isOnline) return;
    const now = this.parts.clock.now();
    const inFlight = this.items.value.filter(({ state }) => state === 'sending');
    const busy = new Set(inFlight.map(({ room }) => room));
    const uploading = new Set<string>();
    let next = Infinity;
    for (const item of this.items.value) {
      const isFile = item.file && !item.attachment;
      if (isFile && item.state !== 'failed') uploading.add(item.room);
      // What was refused holds up nothing, and a file that is still on its way only the files after it.
      if (item.state !== 'waiting') continue;
      if (!isFile && (busy.has(item.room) || (item.file && uploading.has(item.room)))) continue;
      if (!isFile) busy.add(item.room);
      if (item.retryAt !== null && item.retryAt > now) next = Math.min(next, item.retryAt);
      else if (isFile) void this.#upload(item);
      else void this.#send(item);
    }
    this.parts.clock.clearTimeout(this.#timer);
    if (next < Infinity) this.#timer = this.parts.clock.setTimeout(this.pump, next - now);
  };

  async close(forget: boolean): Promise<void> {
    this.parts.clock.clearTimeout(this.#timer);
    for (const upload of this.#uploads.values()) upload.abort();
    this.#user = null;
    this.items.set([]);
    await this.parts.keeping((kept) => kept.close(forget));
  }

  /** What was left of another time, or by another tab. */
  found(items: readonly PendingMessage[]): void {
    if (this.#user === null) return;
    const left = items.filter((item) => !this.#find(item.clientMessageId));
    this.#insert(left);
    for (const item of left) this.#keep(item);
    this.pump();
  }

  async #send(item: PendingMessage): Promise<void> {
    const id = item.clientMessageId;
    this.#change(id, { state: 'sending', retryAt: null });
    try {
      this.parts.onAccepted(await this.parts.send(item));
      this.#remove(id);
    } catch (error) {
      this.#refused(id, error);
    }
    this.pump();
  }

  async #upload(item: PendingMessage): Promise<void> {
    const id = item.clientMessageId;
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
    const retryAt = this.parts.connection.isOnline
      ? this.parts.clock.now() + Math.min(wait, AGAIN_CAP_MS)
      : null;
    this.#change(id, { state: 'waiting', error, retryAt });
  }

  #find(id: string): PendingMessage | undefined {
    return this.items.value.find((item) => item.clientMessageId === id);
  }

  #insert(items: readonly PendingMessage[]): void {
    this.items.set([...this.items.value, ...items].sort((a, b) => a.createdAt - b.createdAt));
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
    void this.parts.keeping((kept) => kept.forget(item));
  }

  #keep(item: PendingMessage): void {
    void this.parts.keeping((kept) => kept.keep(item));
  }
}
