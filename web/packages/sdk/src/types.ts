// What the SDK offers, in one place: the words of `SPEC.md`, nothing of how it is done.
import type { OrderchatError } from './errors.js';
import type {
  AttachmentView,
  Capabilities,
  FrameOf,
  MeView,
  MessageView,
  NewRoom,
  OrderView,
  Page,
  ParticipantView,
  Quote,
  ReportView,
  RevisionView,
  Role,
  RoomPatch,
  RoomStatistics,
  RoomStatus,
  RoomView,
  ServerFrame,
  TimelineView,
} from './wire.js';
import type { Rest } from './rest.js';

/**
 * A value that changes. `subscribe` calls with the present value at once and after each change, until
 * the function that it returned is called: the contract of Svelte's stores. Values are replaced, never
 * changed in place, so that `===` tells whether anything did.
 */
export interface Readable<T> {
  readonly value: T;
  subscribe(listener: (value: T) => void): () => void;
}

/** Time and timers, for tests that move them. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  setTimeout(callback: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** Where what must survive a reload is kept. Keys begin with the user's id. */
export interface Storage {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  /** Keys that begin with `prefix`, in order, with their values. */
  entries(prefix: string): Promise<[string, unknown][]>;
}

export interface ClientOptions {
  /** Where the server is, such as `https://chat.example`; in a page `location.origin` by default. */
  url?: string;
  /**
   * Gives a token: at the start, before the old one expires, and after a 401 (then `renew` is true and
   * a cached one is of no use). What it throws ends in the state `unauthorised`.
   */
  getToken(renew: boolean): string | Promise<string>;
  /** The user's id, where it is known before a token is: shows outbox and drafts without a network. */
  user?: string;
  /** Outbox and drafts; IndexedDB where there is one, else memory. */
  storage?: Storage;
  /** For Node 20, which has none: `WebSocket` of the package `ws`. */
  WebSocket?: WebSocketConstructor;
  fetch?: typeof fetch;
  clock?: Clock;
  /** 0 ≤ x < 1, for backoff. */
  random?: () => number;
}

/** As much of a WebSocket as is used; those of browsers and of `ws` have it. */
export interface WebSocketLike {
  readonly readyState: number;
  send(data: string): void;
  close(code?: number, reason?: string): void;
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: never) => unknown) | null;
  onclose: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
}
export type WebSocketConstructor = new (url: string, protocols: string) => WebSocketLike;

/**
 * - `idle`: not started, or stopped
 * - `connecting`: opening, or waiting for `welcome`
 * - `online`: live
 * - `waiting`: broken; the next attempt is at `retryAt`
 * - `offline`: the browser says that there is no network; waits for it
 * - `unauthorised`: no token, a bad one, or its room is gone; `connect()` tries again
 */
export type ConnectionStatus =
  'idle' | 'connecting' | 'online' | 'waiting' | 'offline' | 'unauthorised';

export interface ConnectionState {
  status: ConnectionStatus;
  /** When the next attempt is, in milliseconds of the local clock; null unless `waiting`. */
  retryAt: number | null;
  /** Since when it has not been online, local clock; null while it is. */
  offlineSince: number | null;
  /** The code of the last close, if the server said one. */
  closeCode: number | null;
}

/** A file on its way; `progress` goes from 0 to 1. */
export interface PendingFile {
  name: string;
  size: number;
  type: string;
  /** The bytes, for a preview; null when they were not kept over a reload. */
  blob: Blob | null;
  /** See {@link FileDraft}. */
  purpose: 'proof' | null;
  progress: number;
}

/** An own message that the server has not accepted yet. It becomes a {@link MessageView} with the same `client_message_id`. */
export interface PendingMessage {
  /** Its idempotency key; stays the same whatever happens, and is the key of its row. */
  clientMessageId: string;
  room: string;
  content: string;
  replyTo: Quote | null;
  metadata: Record<string, unknown> | null;
  file: PendingFile | null;
  /** The uploaded file, once it is. */
  attachment: AttachmentView | null;
  /** Server time, milliseconds. */
  createdAt: number;
  /**
   * - `waiting`: no connection, or others before it, or to be tried again at `retryAt`
   * - `uploading`: its file is on its way
   * - `sending`: given to the server, not answered
   * - `failed`: refused for good, see `error`; `retry` or `discard` it
   */
  state: 'waiting' | 'uploading' | 'sending' | 'failed';
  error: OrderchatError | null;
  /** Local clock, milliseconds; set after a 429 or 503. */
  retryAt: number | null;
}

/** What one says. */
export interface Draft {
  content: string;
  replyTo?: Quote | null;
  metadata?: Record<string, unknown> | null;
}

/** What one says of a file. */
export interface FileDraft extends Draft {
  /**
   * A photo that proves the delivery, by the order's rider. The server reads place and time from it before
   * it strips them: give it as it was taken, not made smaller.
   */
  purpose?: 'proof' | undefined;
}

export interface RoomFilter {
  /** `mine` (default), `all` that one reaches, or `public` ones to join. */
  scope?: 'mine' | 'all' | 'public';
  status?: RoomStatus;
  is_public?: boolean;
  order?: string;
  /** One's own role in the room. */
  role?: Role;
  /** The beginning of an order number, a code or a word of the title. */
  search?: string;
  /** Newest activity first by default. */
  ordering?: 'last_activity' | '-last_activity' | 'created_at' | '-created_at';
}

export interface RoomListState {
  /** In the order of `ordering`; moves as things happen. */
  rooms: readonly RoomView[];
  status: 'loading' | 'ready' | 'failed';
  error: OrderchatError | null;
  hasMore: boolean;
  loadingMore: boolean;
}

/** A list of rooms that stays true while the connection lives. `close` it when it is not shown. */
export interface RoomList extends Readable<RoomListState> {
  readonly filter: RoomFilter;
  /** The next page, added at the end; nothing when there is none or it is on its way. */
  more(): Promise<void>;
  /** Loads anew, after `failed`. */
  reload(): Promise<void>;
  close(): void;
}

export interface RoomState {
  /** The id that the room was asked for by, until `room` is there. */
  id: string;
  /** `gone`: not for this user, deleted, or one's own end in it; see `ended`. */
  status: 'loading' | 'ready' | 'failed' | 'gone';
  error: OrderchatError | null;
  room: RoomView | null;
  /** One's own participant; null for staff who are not in the room. */
  me: ParticipantView | null;
  /** The order as this viewer sees it; null while unknown. */
  order: OrderView | null;
  /** Everybody who is or was in the room, with their marks and presence. */
  participants: readonly ParticipantView[];
  /** What one may do now, and `why_not`; null until known. */
  capabilities: Capabilities | null;
  /** A window of the room's messages without a gap in it, by `seq`. */
  messages: readonly MessageView[];
  /** Own messages of this room that are not accepted yet, in order; show them after the others when `hasNewer` is false. */
  pending: readonly PendingMessage[];
  hasOlder: boolean;
  /** The window does not reach the end (after `around`); live messages are not added to it then. */
  hasNewer: boolean;
  loadingOlder: boolean;
  loadingNewer: boolean;
  /** Participants who type now, oneself never; expires by itself. */
  typing: readonly string[];
  /** One's own read mark when the room was opened: where the divider goes. Does not move. */
  unreadAfter: number | null;
  /** One's own read mark now. */
  readSeq: number;
  unreadCount: number;
  /** How one's own part ended, or `deleted` for the room. */
  ended: 'left' | 'removed' | 'handed_over' | 'blocked' | 'deleted' | null;
}

export interface SearchQuery {
  q: string;
  room?: string;
  type?: string;
  /** A participant's id. */
  sender?: string;
  /** RFC 3339. */
  from?: string;
  to?: string;
  has?: 'file';
  limit?: number;
}

/** The conversation of one order, live while it is open. Methods that ask the server reject with {@link OrderchatError}. */
export interface Room extends Readable<RoomState> {
  readonly id: string;
  /** No longer live; the last state stays readable. */
  close(): void;
  /** Loads anew after `failed` or `gone`. */
  reload(): Promise<void>;

  /** Fifty older messages before the window; nothing when there are none or they are on their way. */
  older(): Promise<void>;
  newer(): Promise<void>;
  /** Moves the window to this seq. */
  around(seq: number): Promise<void>;
  /** Moves the window to a message, and tells it; for links and quotes. */
  find(message: string): Promise<MessageView>;
  /** Moves the window to the end. */
  latest(): Promise<void>;

  /** Puts a message into the outbox; its bubble is in `pending` when this returns. */
  send(draft: Draft | string): PendingMessage;
  /** The same for a file; `content` is its caption. Upload starts at once, beside what else is sent. */
  sendFile(file: File, draft?: FileDraft): PendingMessage;
  /** Tries what `failed` again, under the same key. */
  retry(clientMessageId: string): void;
  /** Takes a message out of the outbox and ends its upload; nothing once it was accepted. */
  discard(clientMessageId: string): void;

  edit(message: string, content: string): Promise<MessageView>;
  delete(message: string, reason?: string): Promise<void>;
  report(
    message: string,
    reason: 'abuse' | 'spam' | 'privacy' | 'other',
    note?: string,
  ): Promise<ReportView>;
  /** The message with its `receipts` (its sender and staff). */
  message(message: string): Promise<MessageView>;
  /** The chain above it and the replies below it. */
  thread(message: string): Promise<Page<MessageView>>;
  /** Earlier texts and deleted originals, for admins. */
  history(message: string): Promise<Page<RevisionView>>;
  search(query: Omit<SearchQuery, 'room'>): Promise<Page<MessageView>>;
  quickReplies(): Promise<string[]>;
  stats(): Promise<RoomStatistics>;
  /** Order events, delivery events, messages and participant changes in one order. */
  orderTimeline(): Promise<Page<TimelineView>>;

  /** Everything up to this seq has been seen. Gathered; never falls back. */
  markRead(seq: number): void;
  /** The user types; call at each key, it is told every three seconds at most. */
  typing(): void;

  join(): Promise<RoomView>;
  leave(reason?: string): Promise<void>;
  update(patch: RoomPatch): Promise<RoomView>;
  closeRoom(reason?: string): Promise<RoomView>;
  reopen(reason?: string): Promise<RoomView>;
  archive(reason?: string): Promise<RoomView>;
  deleteRoom(reason?: string): Promise<void>;

  addParticipant(user: string, role?: Role): Promise<ParticipantView>;
  changeRole(participant: string, role: Role): Promise<ParticipantView>;
  removeParticipant(participant: string, reason?: string): Promise<void>;
  /** `duration` in seconds; until lifted without. */
  mute(participant: string, reason?: string, duration?: number): Promise<ParticipantView>;
  unmute(participant: string, reason?: string): Promise<ParticipantView>;
  block(participant: string, reason?: string): Promise<ParticipantView>;
  unblock(participant: string, reason?: string): Promise<ParticipantView>;
  /** One's own, for this room: keys given replace, null removes. */
  setPreferences(preferences: Record<string, unknown>): Promise<ParticipantView>;
}

/** What one was about to say, by room; survives a reload and a crash. */
export interface Drafts extends Readable<ReadonlyMap<string, Draft>> {
  get(room: string): Draft | null;
  /** Null or nothing but space removes it. */
  set(room: string, draft: Draft | null): void;
}

export interface Unread {
  messages: number;
  rooms: number;
}

export interface Client {
  readonly connection: Readable<ConnectionState>;
  /** Oneself; null until known. */
  readonly me: Readable<MeView | null>;
  /** Why `me` could not be read when it was last asked for. */
  readonly meError: Readable<OrderchatError | null>;
  /** Over all rooms, kept live. */
  readonly unread: Readable<Unread>;
  /** Everything that is not accepted yet, of all rooms, in order. */
  readonly outbox: Readable<readonly PendingMessage[]>;
  readonly drafts: Drafts;
  /** Any route, typed by `openapi.json`: `client.rest('GET', '/api/chat/rooms/{room}/', { path: { room } })`. */
  readonly rest: Rest;

  /** Connects, and keeps connected. Also after `unauthorised`. */
  connect(): void;
  /** Ends the connection; nothing is lost. */
  disconnect(): void;
  /** Disconnects and forgets listeners; with `forget`, also outbox and drafts of this user (signing out). */
  close(options?: { forget?: boolean }): Promise<void>;

  rooms(filter?: RoomFilter): RoomList;
  /** A room by id or code. Each call is a view of its own. */
  room(id: string): Room;
  createRoom(room: NewRoom): Promise<RoomView>;
  search(query: SearchQuery): Promise<Page<MessageView>>;
  /** The page behind `next` or `previous`. */
  page<T>(path: string): Promise<Page<T>>;
  /** A short-lived link to a file or its thumbnail, for `src` and `href`. */
  fileUrl(attachment: string): Promise<{ url: string; expires_at: string }>;
  /** The bytes behind a `file_path` or `thumbnail_path`. */
  file(path: string, signal?: AbortSignal): Promise<Blob>;
  readAll(): Promise<void>;
  /** Reads oneself, the totals and the beginnings of all lists anew, as it is done when the connection comes back. */
  refresh(): Promise<void>;
  setLanguage(language: string | null): Promise<MeView>;
  setDefaultPreferences(preferences: Record<string, unknown>): Promise<MeView>;

  /** Milliseconds since 1970 by the server's clock. */
  now(): number;
  /** Frames as they arrive, after the SDK took them; for notifications. */
  onFrame<T extends ServerFrame['type']>(
    type: T,
    listener: (frame: FrameOf<T>) => void,
  ): () => void;
}
