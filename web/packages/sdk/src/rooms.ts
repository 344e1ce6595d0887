import { gathered } from './clock.js';
import { OrderchatError } from './errors.js';
import type { Filling } from './filling.js';
import type { Following } from './following.js';
import { quoteOf } from './quote.js';
import { type Requests, roomPath } from './rest.js';
import { Signal } from './signal.js';
import { OF_PARTICIPANTS, withOwn } from './own.js';
import type { Clock, RoomFilter, RoomList, RoomListState, Unread } from './types.js';
import { counts } from './unread.js';
import type { EventFrame, FrameOf, MeView, MessageView, RoomView } from './wire.js';

const REFRESH_MS = 300;
/** Totals are read again after so long when something was counted while they were on their way. */
const RECOUNT_MS = 2_000;

interface Parts {
  clock: Clock;
  requests: Requests;
  following: Following;
}

/** A list; what fills it is loaded with the first one. */
export class RoomListView extends Signal<RoomListState> implements RoomList {
  #filling: Promise<Filling> | null = null;
  /** The index has changed; nothing to be done before it is filled. */
  changed = (): void => {};

  constructor(
    readonly filter: RoomFilter,
    readonly index: Rooms,
  ) {
    super({ rooms: [], status: 'loading', error: null, hasMore: false, loadingMore: false });
  }

  more = (): Promise<void> => this.#fill('more');
  reload = (): Promise<void> => this.#fill('reload');
  refresh = (): Promise<void> => this.#fill('refresh');

  close(): void {
    this.index.lists.delete(this);
  }

  async #fill(how: 'more' | 'reload' | 'refresh'): Promise<void> {
    try {
      this.#filling ??= import('./filling.js').then(({ Filling }) => new Filling(this));
      await (await this.#filling)[how]();
    } catch (cause) {
      this.#filling = null;
      this.patch({ status: 'failed', error: new OrderchatError({}, { cause }) });
    }
  }
}

/** Fields of a room that are the caller's own business and null in events: what is known of them stays. */
const OWN = [
  'message_count',
  'unread_count',
  'last_message',
  'last_message_preview',
  'my_participant',
] as const;

/** What is known of rooms, from lists, single answers and events. */
export class Rooms {
  readonly me = new Signal<MeView | null>(null);
  readonly meError = new Signal<OrderchatError | null>(null);
  readonly unread = new Signal<Unread>({ messages: 0, rooms: 0 });
  readonly #rooms = new Map<string, RoomView>();
  readonly lists = new Set<RoomListView>();
  readonly #refresh;
  readonly #stale = new Set<string>();
  readonly #reread;
  readonly #recount;
  #counted = 0;

  constructor(readonly parts: Parts) {
    this.#recount = gathered(parts.clock, RECOUNT_MS, () => void this.#total());
    this.#refresh = gathered(parts.clock, REFRESH_MS, () => void this.refresh());
    this.#reread = gathered(parts.clock, REFRESH_MS, () => void this.#readStale());
  }

  get(id: string): RoomView | undefined {
    return this.#rooms.get(id);
  }

  list(filter: RoomFilter): RoomList {
    const list = new RoomListView(filter, this);
    this.lists.add(list);
    void list.reload();
    return list;
  }

  /** Lists and totals anew: after a time without connection, and when a room turns up. */
  async refresh(): Promise<void> {
    await Promise.all([this.#total(), ...[...this.lists].map((list) => list.refresh())]);
  }

  /** The server says that the room is that far: what is known of it may be older. */
  caughtUp(id: string, seq: number): void {
    const room = this.#rooms.get(id);
    if (room && (room.seq ?? 0) < seq) this.reread(id);
  }

  /** What is known of these rooms is of no use: whatever REST says next is newer. */
  outdate(ids: Iterable<string> = this.#rooms.keys()): void {
    for (const id of ids) {
      const room = this.#rooms.get(id);
      if (room) this.#rooms.set(id, { ...room, seq: null, version: null });
    }
  }

  /** A room as REST answers it. */
  put(...rooms: readonly RoomView[]): void {
    for (const room of rooms) {
      this.#set(room);
      const { my_participant: mine, last_message: last } = room;
      if (room.seq !== null && room.seq < this.parts.following.seq(room.id)) this.reread(room.id);
      if (mine && last && last.seq > mine.delivered_seq) {
        this.parts.following.mark(room.id, 'delivered', last.seq);
      }
    }
    this.#changed();
  }

  remove(id: string): void {
    const room = this.#rooms.get(id);
    if (!room) return;
    this.#count(room.unread_count ?? 0, 0);
    this.#rooms.delete(id);
    this.#changed();
  }

  event(event: EventFrame, isOthers: boolean): void {
    const room = this.#rooms.get(event.room);
    if (!room) return this.#refresh();
    const seq = Math.max(room.seq ?? 0, event.seq);
    const { message, room: changed, order, participant } = event.data ?? {};
    const isNewer = changed && (changed.version ?? 0) >= (room.version ?? 0);
    const next = { ...(isNewer ? withOwn(changed, room, OWN) : room), seq };
    if (order)
      Object.assign(next, { order_status: order.status, delivery_status: order.delivery_status });
    const mine = room.my_participant;
    if (participant && participant.id === mine?.id && participant.version > mine.version) {
      next.my_participant = withOwn(participant, mine, OF_PARTICIPANTS);
    }
    // It may belong into other lists now.
    if (changed) this.#refresh();
    if (message) this.#message(next, event, message, isOthers, event.seq > (room.seq ?? 0));
    this.#set(next);
    this.#changed();
  }

  summary({ room: id, type: _, ...summary }: FrameOf<'room_summary'>): void {
    const room = this.#rooms.get(id);
    if (room?.status !== summary.status) this.#refresh();
    if (!room) return;
    const last = summary.last_message;
    this.#set({
      ...room,
      ...(summary as Partial<RoomView>),
      last_message_preview: last?.excerpt ?? null,
    });
    this.#changed();
  }

  /** One has read up to `seq`, here or elsewhere. */
  read(id: string, seq: number): void {
    const room = this.#rooms.get(id);
    const mine = room?.my_participant;
    if (!mine || mine.read_seq >= seq) return;
    const isAll = seq >= (room.last_message?.seq ?? room.seq ?? 0);
    this.#set({
      ...room,
      unread_count: isAll ? 0 : room.unread_count,
      my_participant: { ...mine, read_seq: seq },
    });
    if (!isAll) this.reread(id);
    this.#changed();
  }

  /** Asks for the room again, soon: what happened does not tell its counts. */
  reread(id: string): void {
    this.#stale.add(id);
    this.#reread();
  }

  all(): Iterable<RoomView> {
    return this.#rooms.values();
  }

  #message(
    room: RoomView,
    { kind, at, seq }: EventFrame,
    message: MessageView,
    isOthers: boolean,
    isNew: boolean,
  ): void {
    const quote = quoteOf(message);
    if (message.seq >= (room.last_message?.seq ?? 0)) {
      room.last_message = quote;
      room.last_message_preview = message.is_deleted ? null : quote.excerpt;
    }
    // What REST said of the room may be of a later time than the event: then it is counted in there.
    if (!isNew) return;
    const isUnread = isOthers && message.seq > (room.my_participant?.read_seq ?? Infinity);
    if (kind === 'message.created') {
      room.last_activity = at;
      room.message_count = (room.message_count ?? 0) + 1;
      if (isUnread && counts(message)) room.unread_count = (room.unread_count ?? 0) + 1;
    } else if (isUnread && kind === 'message.deleted' && seq === message.version) {
      this.reread(room.id);
    }
  }

  async #readStale(): Promise<void> {
    const ids = [...this.#stale];
    this.#stale.clear();
    for (const id of ids) {
      await this.parts.requests.get<RoomView>(roomPath(id)).then(
        (room) => this.put(room),
        () => {},
      );
    }
  }

  #set(room: RoomView): void {
    const old = this.#rooms.get(room.id);
    // Of two answers that crossed, the newer one.
    if (old && (room.seq ?? 0) < (old.seq ?? 0)) return;
    if (old) this.#count(old.unread_count ?? 0, room.unread_count ?? 0);
    this.#rooms.set(room.id, room);
  }

  async #total(): Promise<void> {
    const counted = this.#counted;
    this.meError.set(null);
    const me = await this.parts.requests.get<MeView>('/api/chat/me/').catch((error) => {
      this.meError.set(error as OrderchatError);
    });
    if (!me) return;
    this.me.set(me);
    this.unread.set({ messages: me.unread_count, rooms: me.unread_rooms });
    if (counted !== this.#counted) this.#recount();
  }

  #count(before: number, now: number): void {
    const { messages, rooms } = this.unread.value;
    if (before === now) return;
    this.#counted += 1;
    this.unread.set({
      messages: Math.max(0, messages + now - before),
      rooms: Math.max(0, rooms + Number(now > 0) - Number(before > 0)),
    });
  }

  #changed(): void {
    for (const list of this.lists) list.changed();
  }
}
