import { systemClock } from './clock.js';
import { Connection } from './connection.js';
import { Credentials } from './credentials.js';
import { DraftStore } from './drafts.js';
import { OrderchatError } from './errors.js';
import { Following } from './following.js';
import { later } from './later.js';
import { Outbox } from './outbox.js';
import type { RoomParts } from './parts.js';
import { takesPart } from './receipts.js';
import { refusal, Requests, roomPath } from './rest.js';
import { RoomViewModel } from './room.js';
import { Rooms } from './rooms.js';
import type {
  Client,
  ClientOptions,
  PendingMessage,
  Room,
  RoomFilter,
  WebSocketConstructor,
} from './types.js';
import type { EventFrame, FrameOf, MessageView, ServerFrame } from './wire.js';

const STAFF = ['pharmacy', 'support', 'admin'];

const ACTIONS = [
  'rest',
  'createRoom',
  'search',
  'page',
  'fileUrl',
  'file',
  'readAll',
  'refresh',
  'setLanguage',
  'setDefaultPreferences',
] as const;

type Actions = Pick<Client, (typeof ACTIONS)[number]>;
const Acting = later<Actions>(
  ACTIONS,
  ({ ClientActions }, { parts }: { parts: RoomParts }) =>
    new ClientActions(parts.requests, parts.rooms),
);

type Listener = (frame: ServerFrame) => void;

/** Puts the parts together: what arrives goes to all whom it concerns. */
class OrderchatClient extends Acting implements Client {
  readonly me;
  readonly meError;
  readonly connection;
  readonly unread;
  readonly outbox;
  readonly drafts = new DraftStore();
  readonly parts: RoomParts;
  readonly #open = new Set<RoomViewModel>();
  readonly #listeners = new Map<string, Set<Listener>>();
  #user: string | null = null;
  /** How far the server's clock is ahead of ours. */
  #skew = 0;

  constructor(options: ClientOptions) {
    super();
    const { clock = systemClock, random = Math.random } = options;
    const WebSocket = options.WebSocket ?? (globalThis.WebSocket as WebSocketConstructor);
    const url = (options.url ?? globalThis.location?.origin ?? '').replace(/\/+$/, '');
    const now = this.now;
    const credentials = new Credentials(options.getToken, { now }, (user) => this.#setUser(user));
    const token = (renew?: boolean) => credentials.get(renew);
    const requests = new Requests(url, options.fetch ?? ((...args) => fetch(...args)), token);
    const connection: Connection = new Connection({
      url: `${url.replace(/^http/, 'ws')}/api/chat/ws/`,
      WebSocket,
      clock,
      random,
      token,
      renewIn: () => credentials.renewIn(),
      resume: () => following.resume(),
      onFrame: (frame) => this.#take(frame),
      onPong: (at, sentAt) => (this.#skew = at - (sentAt + clock.now()) / 2),
    });
    const following: Following = new Following({
      clock,
      connection,
      isIn: (id) => takesPart(rooms.get(id)),
      onEvent: (event) => this.#event(event),
    });
    const rooms: Rooms = new Rooms({ clock, requests, following });
    // Loaded beside the first answers of the server: nothing that is shown waits for it.
    const kept = import('./kept.js').then(
      ({ Kept }) =>
        new Kept({
          clock,
          drafts: this.drafts.all,
          storage: options.storage,
          Failure: OrderchatError,
          locks: globalThis.navigator?.locks,
          found: (items) => outbox.found(items),
        }),
    );
    const outbox: Outbox = new Outbox({
      clock,
      connection,
      now,
      // What cannot be kept is sent nevertheless.
      keeping: (ask) => kept.then(ask).catch(() => {}),
      send: (item) => this.#send(item),
      // Only who sends a file loads what it takes.
      upload: async (...file) => (await import('./upload.js')).upload(requests, refusal, ...file),
      onAccepted: (message) => this.#open.forEach((room) => room.accepted(message)),
    });
    this.parts = {
      clock,
      connection,
      following,
      outbox,
      requests,
      rooms,
      user: () => this.#user,
      isStaff: () => STAFF.includes(credentials.claims?.role ?? rooms.me.value?.role ?? ''),
      onClose: (room) => this.#open.delete(room as RoomViewModel),
    };
    this.connection = connection.state;
    this.me = rooms.me;
    this.meError = rooms.meError;
    this.unread = rooms.unread;
    this.outbox = outbox.items;
    kept.catch(() => {});
    if (options.user !== undefined) this.#setUser(options.user);
  }

  readonly now = (): number => Math.round(this.parts.clock.now() + this.#skew);

  connect(): void {
    this.parts.connection.connect();
  }

  disconnect(): void {
    this.parts.connection.disconnect();
  }

  async close({ forget = false } = {}): Promise<void> {
    this.disconnect();
    for (const room of this.#open) room.close();
    this.#listeners.clear();
    await this.parts.outbox.close(forget);
  }

  rooms(filter: RoomFilter = {}) {
    return this.parts.rooms.list(filter);
  }

  room(id: string): Room {
    const room = new RoomViewModel(id, this.parts);
    this.#open.add(room);
    return room;
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

  #setUser(user: string): void {
    this.#user = user;
    void this.parts.outbox.setUser(user);
  }

  async #send(item: PendingMessage): Promise<MessageView> {
    const { room, content, replyTo, metadata, attachment, clientMessageId } = item;
    // What is undefined is left out of JSON.
    const message = {
      content,
      client_message_id: clientMessageId,
      reply_to: replyTo?.id,
      metadata: metadata ?? undefined,
      attachment: attachment?.id,
    };
    const { connection, requests } = this.parts;
    if (!attachment) {
      return (await connection.command({ type: 'send', room, ...message } as never)).message!;
    }
    return requests.json('POST', `${roomPath(room)}messages/`, message) as Promise<MessageView>;
  }

  #take(frame: ServerFrame): void {
    const { following, outbox, rooms } = this.parts;
    switch (frame.type) {
      case 'welcome':
        this.#setUser(frame.user);
        if (following.welcome(frame)) rooms.outdate();
        outbox.resume();
        void rooms.refresh();
        for (const room of this.#open)
          void (room.value.status === 'failed' ? room.reload() : room.meet());
        break;
      case 'event':
        following.event(frame);
        break;
      case 'resync':
        following.resync(frame);
        rooms.outdate([frame.room]);
        if (frame.reason === 'gone') rooms.remove(frame.room);
        break;
      case 'caught_up':
        following.caughtUp(frame);
        rooms.caughtUp(frame.room, frame.seq);
        break;
      case 'receipt':
        if (this.#mine(frame.room) === frame.participant) rooms.read(frame.room, frame.read_seq);
        break;
      case 'room_summary':
        rooms.summary(frame);
        break;
      case 'capabilities': {
        const { type: _, room, ...capabilities } = frame;
        following.capabilities.set(room, capabilities);
      }
    }
    if (frame.type !== 'event' && 'room' in frame) {
      this.#each(frame.room, (room) => room.frame(frame));
    }
    for (const listener of this.#listeners.get(frame.type) ?? []) listener(frame);
  }

  #event(event: EventFrame): void {
    const { following, outbox, rooms } = this.parts;
    const { message, participant } = event.data ?? {};
    const isOthers = message !== undefined && message.sender !== this.#mine(event.room);
    rooms.event(event, isOthers);
    if (isOthers) following.mark(event.room, 'delivered', message.seq);
    this.#each(event.room, (room) => room.event(event));
    // After the rooms, so that the bubble is one of them at any time.
    if (message) outbox.seen(message);
    const isMyEnd = event.kind === 'participant.ended' && participant?.user === this.#user;
    if (event.kind === 'room.deleted' || isMyEnd) {
      following.ended(event.room);
      rooms.remove(event.room);
    }
  }

  #mine(room: string): string | undefined {
    return this.parts.rooms.get(room)?.my_participant?.id;
  }

  #each(id: string, take: (room: RoomViewModel) => void): void {
    for (const room of this.#open) if (room.id === id) take(room);
  }
}

/** A client of one user. It does nothing until `connect()`. */
export function createClient(options: ClientOptions): Client {
  return new OrderchatClient(options);
}
