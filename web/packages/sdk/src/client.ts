import { systemClock } from './clock.js';
import { Connection } from './connection.js';
import { Credentials } from './credentials.js';
import { DraftStore } from './drafts.js';
import { Following } from './following.js';
import { Outbox } from './outbox.js';
import { refusal, Requests, routeOf } from './rest.js';
import { RoomViewModel } from './room.js';
import { Rooms } from './rooms.js';
import { Signal } from './signal.js';
import { defaultStorage } from './storage.js';
import type {
  Client,
  ClientOptions,
  PendingMessage,
  Room,
  RoomFilter,
  SearchQuery,
  WebSocketConstructor,
} from './types.js';
import type {
  AttachmentView,
  Capabilities,
  EventFrame,
  FrameOf,
  MeView,
  MessageView,
  NewRoom,
  Page,
  RoomView,
  ServerFrame,
} from './wire.js';

const STAFF = ['pharmacy', 'support', 'admin'];

type Listener = (frame: ServerFrame) => void;

/** Puts the parts together: what arrives goes to all whom it concerns. */
class OrderchatClient implements Client {
  readonly me = new Signal<MeView | null>(null);
  readonly connection;
  readonly unread;
  readonly outbox;
  readonly drafts;
  readonly rest;
  readonly #clock;
  readonly #url: string;
  readonly #fetch: typeof fetch;
  readonly #credentials: Credentials;
  readonly #requests: Requests;
  readonly #connection: Connection;
  readonly #following: Following;
  readonly #outbox: Outbox;
  readonly #rooms: Rooms;
  readonly #open = new Set<RoomViewModel>();
  readonly #capabilities = new Map<string, Capabilities>();
  readonly #listeners = new Map<string, Set<Listener>>();
  #user: string | null = null;
  /** How far the server's clock is ahead of ours. */
  #skew = 0;

  constructor(options: ClientOptions) {
    const { clock = systemClock, storage = defaultStorage(), random = Math.random } = options;
    const WebSocket = options.WebSocket ?? (globalThis.WebSocket as WebSocketConstructor);
    this.#clock = clock;
    this.#url = (options.url ?? globalThis.location?.origin ?? '').replace(/\/+$/, '');
    this.#fetch = options.fetch ?? ((...args) => fetch(...args));
    const now = this.now;
    this.#credentials = new Credentials(options.getToken, { now }, () => this.#identify());
    this.#requests = new Requests(this.#url, this.#fetch, (renew) => this.#credentials.get(renew));
    const mark = (room: string, kind: 'delivered' | 'read', seq: number) =>
      this.#following.mark(room, kind, seq);
    this.#connection = new Connection({
      url: `${this.#url.replace(/^http/, 'ws')}/api/chat/ws/`,
      WebSocket,
      clock,
      random,
      token: (renew) => this.#credentials.get(renew),
      renewIn: () => this.#credentials.renewIn(),
      resume: () => this.#following.resume(),
      onFrame: (frame) => this.#take(frame),
      onPong: (at, sentAt) => (this.#skew = at - (sentAt + clock.now()) / 2),
    });
    this.#following = new Following({
      clock,
      isOnline: () => this.#connection.isOnline,
      tell: (frame) => this.#connection.tell(frame),
      command: (frame) => this.#connection.command(frame),
      onEvent: (event) => this.#event(event),
    });
    this.#outbox = new Outbox({
      clock,
      storage,
      locks: globalThis.navigator?.locks,
      now,
      isOnline: () => this.#connection.isOnline,
      send: (item) => this.#send(item),
      upload: (item, signal, onProgress) => this.#upload(item, signal, onProgress),
      onAccepted: (message) => this.#accepted(message),
    });
    const received = (room: string, seq: number) => mark(room, 'delivered', seq);
    const seq = (room: string) => this.#following.seq(room);
    this.#rooms = new Rooms({ clock, requests: this.#requests, me: this.me, received, seq });
    this.drafts = new DraftStore(clock, storage);
    this.connection = this.#connection.state;
    this.unread = this.#rooms.unread;
    this.outbox = this.#outbox.items;
    this.rest = this.#requests.rest;
    if (options.user !== undefined) this.#setUser(options.user);
  }

  readonly now = (): number => Math.round(this.#clock.now() + this.#skew);

  connect(): void {
    this.#connection.connect();
  }

  disconnect(): void {
    this.#connection.disconnect();
  }

  async close({ forget = false } = {}): Promise<void> {
    this.disconnect();
    for (const room of [...this.#open]) room.close();
    this.#listeners.clear();
    await Promise.all([this.#outbox.close(forget), this.drafts.close(forget)]);
  }

  rooms(filter: RoomFilter = {}) {
    return this.#rooms.list(filter);
  }

  room(id: string): Room {
    const room = new RoomViewModel(id, {
      clock: this.#clock,
      requests: this.#requests,
      rooms: this.#rooms,
      outbox: this.#outbox,
      user: () => this.#user,
      isStaff: () => this.#isStaff(),
      capabilities: (of) => this.#capabilities.get(of) ?? null,
      seq: (of) => this.#following.seq(of),
      follow: (of, seq) => {
        this.#following.opened(of);
        if (seq !== null) this.#following.follow(of, seq);
      },
      unfollow: (of) => this.#following.closed(of, this.#isStaff()),
      mark: (of, kind, seq) => this.#following.mark(of, kind, seq),
      tell: (frame) => this.#connection.tell(frame),
      onClose: () => this.#open.delete(room),
    });
    this.#open.add(room);
    return room;
  }

  async createRoom(body: NewRoom): Promise<RoomView> {
    const room = (await this.rest('POST', '/api/chat/rooms/', { body })) as RoomView;
    this.#rooms.put(room);
    return room;
  }

  search(query: SearchQuery): Promise<Page<MessageView>> {
    return this.page(routeOf('/api/chat/search/', {}, { ...query }));
  }

  page<T>(path: string): Promise<Page<T>> {
    return this.#requests.json('GET', path) as Promise<Page<T>>;
  }

  fileUrl(attachment: string): Promise<{ url: string; expires_at: string }> {
    const path = routeOf('/api/chat/attachments/{attachment}/url/', { attachment });
    return this.#requests.json('POST', path, {}) as never;
  }

  async file(path: string, signal?: AbortSignal): Promise<Blob> {
    return (await this.#requests.answer(path, { ...(signal && { signal }) })).blob();
  }

  async readAll(): Promise<void> {
    await this.#requests.json('POST', '/api/chat/messages/read-all/', {});
    await this.#rooms.refresh();
  }

  setLanguage(language: string | null): Promise<MeView> {
    return this.#patchMe({ language });
  }

  setDefaultPreferences(notification_preferences: Record<string, unknown>): Promise<MeView> {
    return this.#patchMe({ notification_preferences });
  }

  onFrame<T extends ServerFrame['type']>(
    type: T,
    listener: (frame: FrameOf<T>) => void,
  ): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    listeners.add(listener as Listener);
    return () => listeners.delete(listener as Listener);
  }

  async #patchMe(body: { language?: string | null; notification_preferences?: object }) {
    const me = (await this.#requests.json('PATCH', '/api/chat/me/', body)) as MeView;
    this.me.set(me);
    return me;
  }

  /** A token tells who one is before the server does. */
  #identify(): void {
    const user = this.#credentials.claims?.sub;
    if (user !== undefined) this.#setUser(user);
  }

  #setUser(user: string): void {
    this.#user = user;
    void this.#outbox.setUser(user);
    void this.drafts.setUser(user);
  }

  #isStaff(): boolean {
    return STAFF.includes(this.#credentials.claims?.role ?? this.me.value?.role ?? '');
  }

  async #send(item: PendingMessage): Promise<MessageView> {
    const { room, content, replyTo, metadata, attachment, clientMessageId } = item;
    const message = {
      content,
      client_message_id: clientMessageId,
      ...(replyTo && { reply_to: replyTo.id }),
      ...(metadata && { metadata }),
    };
    if (!attachment) {
      const answer = await this.#connection.command({ type: 'send', room, ...message });
      return answer.message!;
    }
    const path = routeOf('/api/chat/rooms/{room}/messages/', { room });
    const body = { ...message, attachment: attachment.id };
    return this.#requests.json('POST', path, body) as Promise<MessageView>;
  }

  async #upload(
    { room, file }: PendingMessage,
    signal: AbortSignal,
    onProgress: (progress: number) => void,
  ): Promise<AttachmentView> {
    // Only who sends a file loads what it takes.
    const { upload } = await import('./upload.js');
    return upload({
      url: this.#url + routeOf('/api/chat/rooms/{room}/attachments/', { room }),
      token: (renew) => this.#credentials.get(renew),
      fetch: this.#fetch,
      refusal,
      file: file!.blob!,
      name: file!.name,
      signal,
      onProgress,
    });
  }

  #accepted(message: MessageView): void {
    for (const room of this.#open) room.accepted(message);
  }

  #take(frame: ServerFrame): void {
    switch (frame.type) {
      case 'welcome':
        this.#setUser(frame.user);
        this.#following.welcome(frame);
        this.#outbox.resume();
        void this.#rooms.refresh();
        for (const room of this.#open) if (room.value.status === 'failed') void room.reload();
        break;
      case 'event':
        this.#following.event(frame);
        break;
      case 'resync':
        this.#following.resync(frame);
        this.#each(frame.room, (room) => void room.reload());
        break;
      case 'caught_up':
        this.#following.caughtUp(frame);
        this.#rooms.caughtUp(frame.room, frame.seq);
        this.#capabilities.set(frame.room, frame.capabilities);
        this.#each(frame.room, (room) => room.frame(frame));
        break;
      case 'receipt':
        if (this.#rooms.get(frame.room)?.my_participant?.id === frame.participant) {
          this.#rooms.read(frame.room, frame.read_seq);
        }
        this.#each(frame.room, (room) => room.frame(frame));
        break;
      case 'room_summary':
        this.#rooms.summary(frame);
        this.#each(frame.room, (room) => room.listed());
        break;
      case 'capabilities': {
        const { type: _, room, ...capabilities } = frame;
        this.#capabilities.set(room, capabilities);
        this.#each(room, (view) => view.frame(frame));
        break;
      }
      case 'typing':
      case 'presence':
        this.#each(frame.room, (room) => room.frame(frame));
    }
    for (const listener of this.#listeners.get(frame.type) ?? []) listener(frame);
  }

  #event(event: EventFrame): void {
    const { message, participant } = event.data ?? {};
    this.#rooms.event(event, (sender) => sender !== null && sender === this.#mine(event.room));
    if (message && message.sender !== this.#mine(event.room)) {
      this.#following.mark(event.room, 'delivered', message.seq);
    }
    this.#each(event.room, (room) => room.event(event));
    // After the rooms, so that the bubble is one of them at any time.
    if (message) this.#outbox.seen(message);
    const isMyEnd = event.kind === 'participant.ended' && participant?.user === this.#user;
    if (event.kind === 'room.deleted' || isMyEnd) {
      this.#following.ended(event.room);
      this.#rooms.remove(event.room);
    }
  }

  #mine(room: string): string | undefined {
    return this.#rooms.get(room)?.my_participant?.id;
  }

  #each(id: string, take: (room: RoomViewModel) => void): void {
    for (const room of this.#open) if (room.id === id) take(room);
  }
}

/** A client of one user. It does nothing until `connect()`. */
export function createClient(options: ClientOptions): Client {
  return new OrderchatClient(options);
}
