import type { OrderchatError } from './errors.js';
import { later } from './later.js';
import { OF_PARTICIPANTS, withOwn } from './own.js';
import type { RoomParts } from './parts.js';
import { roomPath } from './rest.js';
import { PacedSignal } from './signal.js';
import { Timeline } from './timeline.js';
import type { Draft, FileDraft, PendingMessage, Room, RoomState } from './types.js';
import type {
  Capabilities,
  EventFrame,
  FrameOf,
  MessageView,
  OrderView,
  Page,
  ParticipantView,
  RoomView,
} from './wire.js';

/** How long somebody types after the last signal. */
const TYPING_MS = 6_000;
/** How often one's own typing is told. */
const TELL_TYPING_MS = 3_000;
/** A room that could not be loaded anew is asked for again after so long. */
const AGAIN_MS = 2_000;
/** With more unread than this the window begins where they do. */
const FEW_UNREAD = 40;

/** Frames beside the log that change what a room shows. */
export type Shown = FrameOf<
  'capabilities' | 'caught_up' | 'presence' | 'receipt' | 'resync' | 'room_summary' | 'typing'
>;

/** What is no more than a request. */
const ACTIONS = [
  'edit',
  'delete',
  'report',
  'message',
  'find',
  'thread',
  'history',
  'search',
  'quickReplies',
  'stats',
  'orderTimeline',
  'join',
  'leave',
  'update',
  'closeRoom',
  'reopen',
  'archive',
  'deleteRoom',
  'addParticipant',
  'changeRole',
  'removeParticipant',
  'mute',
  'unmute',
  'block',
  'unblock',
  'setPreferences',
] as const;

type Actions = Pick<Room, (typeof ACTIONS)[number]>;
const Acting = later<Actions>(ACTIONS, ({ RoomActions }, room) => new RoomActions(room));

/** An open room: its state follows what arrives. */
export class RoomViewModel extends Acting implements Room {
  readonly #state: PacedSignal<RoomState>;
  readonly #timeline: Timeline;
  readonly #typing = new Map<string, unknown>();
  readonly #ends: (() => void)[] = [];
  #toldTyping = -Infinity;
  #loads = 0;
  /** What came while the room was being read, which may be older: it is taken again then. */
  #early: (() => void)[] | null = [];
  #isOpen = true;
  #isFollowed: string | null = null;

  constructor(
    readonly asked: string,
    readonly parts: RoomParts,
  ) {
    super();
    const state: RoomState = {
      id: asked,
      status: 'loading',
      error: null,
      room: null,
      me: null,
      order: null,
      participants: [],
      capabilities: null,
      messages: [],
      pending: [],
      hasOlder: false,
      hasNewer: false,
      loadingOlder: false,
      loadingNewer: false,
      typing: [],
      unreadAfter: null,
      readSeq: 0,
      unreadCount: 0,
      ended: null,
    };
    this.#state = new PacedSignal(state, parts.clock);
    this.#timeline = new Timeline(parts.requests, this.#state, (messages) =>
      this.#pending(messages),
    );
    this.#ends.push(
      parts.outbox.items.subscribe(() => this.#state.patch({ pending: this.#pending() })),
    );
    void this.reload();
  }

  get id(): string {
    return this.value.id;
  }
  get value(): RoomState {
    return this.#state.value;
  }
  subscribe(listener: (state: RoomState) => void): () => void {
    return this.#state.subscribe(listener);
  }

  close(): void {
    this.#isOpen = false;
    for (const end of this.#ends.splice(0)) end();
    for (const timer of this.#typing.values()) this.parts.clock.clearTimeout(timer);
    if (this.#isFollowed !== null) {
      this.parts.following.closed(this.#isFollowed, this.parts.isStaff());
    }
    this.parts.onClose(this);
  }

  async reload(): Promise<void> {
    const load = ++this.#loads;
    const isCurrent = () => load === this.#loads && this.#isOpen;
    this.#state.patch({ status: this.value.room ? 'ready' : 'loading', error: null });
    try {
      await this.#load(isCurrent);
    } catch (cause) {
      const error = cause as OrderchatError;
      if (!isCurrent()) return;
      if ([403, 404].includes(error.status)) return this.#end(this.value.ended, error);
      const isShown = this.value.room !== null;
      this.#state.patch({ status: isShown ? 'ready' : 'failed', error });
      // What is shown has a hole until it is; where nothing is shown, one can see that and try again.
      if (isShown && error.isTemporary)
        this.parts.clock.setTimeout(() => isCurrent() && void this.reload(), AGAIN_MS);
    }
  }

  async #load(isCurrent: () => boolean): Promise<void> {
    const { requests } = this.parts;
    this.#early = [];
    // First the room: its `seq` is where the log is followed from, so what is read after it is not older.
    const room = await requests.get<RoomView>(roomPath(this.id));
    if (!isCurrent()) return;
    // An event overtook the answer.
    if (room.seq !== null && room.seq < this.parts.following.seq(room.id))
      return this.#load(isCurrent);
    // Before its events come: whether one takes part in it decides what is told of them.
    this.parts.rooms.put(room);
    if (this.#isFollowed === null) {
      this.#isFollowed = room.id;
      this.parts.following.opened(room.id, room.seq);
    }
    const mine = room.my_participant;
    const isFirst = this.value.room === null;
    this.#state.patch({ id: room.id });
    const unread = room.unread_count ?? 0;
    // Of a public room one only sees the card, until one joins.
    const [, participants, order] = await Promise.all([
      this.#timeline.load(isFirst && mine && unread > FEW_UNREAD ? mine.read_seq + 1 : null),
      this.#people(),
      room.order === null
        ? null
        : requests
            .get<OrderView>(`/api/orders/${encodeURIComponent(room.order)}/`)
            .catch((): null => null),
    ]).catch((error: OrderchatError) => {
      if (mine === null && room.is_public && error.status === 404)
        return [null, null, null] as const;
      throw error;
    });
    if (!isCurrent()) return;
    this.#state.patch({
      status: 'ready',
      error: null,
      ended: null,
      room: this.parts.rooms.get(room.id) ?? room,
      order,
      capabilities: this.#capabilities(),
      readSeq: mine?.read_seq ?? 0,
      unreadCount: unread,
      ...(isFirst && mine && unread > 0 && { unreadAfter: mine.read_seq }),
    });
    // Marks that do not fall back would stay above those of a server that was set back.
    this.#participants((participants?.results ?? []).concat(mine ?? []), []);
    const early = this.#early;
    this.#early = null;
    for (const take of early ?? []) take();
    this.#received();
  }

  #people(): Promise<Page<ParticipantView>> {
    const ended = this.parts.isStaff() ? '&ended=true' : '';
    return this.parts.requests.get(`${roomPath(this.id)}participants/?limit=200${ended}`);
  }

  /** Another connection: who came and went meanwhile, nobody told. */
  async meet(): Promise<void> {
    const people = await this.#people().catch(() => null);
    if (people && this.#isOpen && this.value.room) this.#participants(people.results);
  }

  // What is shown

  older = (): Promise<void> => this.#timeline.older();
  newer = (): Promise<void> => this.#timeline.newer();
  latest = (): Promise<void> =>
    this.value.hasNewer ? this.#timeline.load(null) : Promise.resolve();
  around = (seq: number): Promise<void> => this.#timeline.load(seq);

  // What one does

  send(draft: Draft | string): PendingMessage {
    const said = typeof draft === 'string' ? { content: draft } : draft;
    return this.parts.outbox.add(this.id, said);
  }

  sendFile(file: File, draft: FileDraft = { content: '' }): PendingMessage {
    return this.parts.outbox.add(this.id, draft, file);
  }

  retry(id: string): void {
    this.parts.outbox.retry(id);
  }

  discard(id: string): void {
    this.parts.outbox.discard(id);
  }

  markRead(seq: number): void {
    if (seq <= this.value.readSeq || !this.parts.following.mark(this.id, 'read', seq)) return;
    this.#state.patch({ readSeq: seq });
    this.parts.rooms.read(this.id, seq);
    this.listed();
  }

  typing(): void {
    const now = this.parts.clock.now();
    if (now - this.#toldTyping < TELL_TYPING_MS) return;
    this.#toldTyping = now;
    this.parts.connection.tell({ type: 'typing', room: this.id });
  }

  changedMessage(message: MessageView): void {
    if (message.room === this.id) this.#timeline.put(message);
  }

  changedParticipant(participant: ParticipantView): void {
    this.#early?.push(() => this.changedParticipant(participant));
    this.#participants([participant]);
  }

  changedRoom(room: RoomView): void {
    this.parts.rooms.put(room);
    this.listed();
  }

  // What arrives

  /** The index has another state of the room. */
  listed(): void {
    const room = this.parts.rooms.get(this.id);
    if (room) this.#state.patch({ room, unreadCount: room.unread_count ?? 0 });
  }

  /** A message of one's own was accepted. */
  accepted(message: MessageView): void {
    this.changedMessage(message);
    this.#toldTyping = -Infinity;
  }

  event(event: EventFrame): void {
    const { message, participant, order } = event.data ?? {};
    if (message) {
      this.#timeline.put(message, event.kind === 'message.created');
      if (message.sender) this.#stopTyping(message.sender);
    }
    if (order) this.#state.patch({ order });
    if (participant) this.changedParticipant(participant);
    this.listed();
    this.#received();
    if (event.kind === 'room.deleted') this.#end('deleted', null);
    const { me, status } = this.value;
    if (!me || participant?.id !== me.id) return;
    if (event.kind === 'participant.ended' || event.kind === 'participant.blocked') {
      // Staff go on seeing what their token reaches, except when blocked.
      if (!this.parts.isStaff()) this.#end(me.ended, null);
      else void this.reload();
    } else if (event.kind === 'participant.joined') {
      // Here, or back again: what one sees may be more.
      if (status === 'gone') void this.reload();
      else this.parts.rooms.reread(this.id);
    }
  }

  frame(frame: Shown): void {
    if (frame.type === 'resync') return void this.reload();
    this.#early?.push(() => this.frame(frame));
    switch (frame.type) {
      case 'room_summary':
        return this.listed();
      case 'capabilities':
      case 'caught_up':
        return this.#state.patch({ capabilities: this.#capabilities() });
      case 'typing':
        return this.#startTyping(frame.participant);
      case 'presence': {
        const { participant: id, is_online, last_seen } = frame;
        return this.#patchParticipant(id, { is_online, last_seen });
      }
      case 'receipt': {
        const { participant: id, delivered_seq, read_seq } = frame;
        this.#patchParticipant(id, { delivered_seq, read_seq });
      }
    }
  }

  #capabilities(): Capabilities | null {
    return this.parts.following.capabilities.get(this.id) ?? null;
  }

  #participants(changed: readonly ParticipantView[], known = this.value.participants): void {
    const all = new Map(known.map((one) => [one.id, one]));
    for (const next of changed) {
      const old = all.get(next.id);
      if (old && old.version > next.version) continue;
      const participant = withOwn(next, old, OF_PARTICIPANTS);
      // Neither falls back.
      for (const mark of ['delivered_seq', 'read_seq'] as const) {
        participant[mark] = Math.max(next[mark], old?.[mark] ?? 0);
      }
      all.set(next.id, participant);
    }
    const participants = [...all.values()];
    const me = participants.find(({ user }) => user !== null && user === this.parts.user()) ?? null;
    this.#state.patch({
      participants,
      me,
      readSeq: Math.max(this.value.readSeq, me?.read_seq ?? 0),
    });
  }

  #patchParticipant(id: string, fields: Partial<ParticipantView>): void {
    const old = this.value.participants.find((one) => one.id === id);
    if (old) this.#participants([{ ...old, ...fields }]);
  }

  #startTyping(id: string): void {
    if (id === this.value.me?.id) return;
    const { clock } = this.parts;
    clock.clearTimeout(this.#typing.get(id));
    this.#typing.set(
      id,
      clock.setTimeout(() => this.#stopTyping(id), TYPING_MS),
    );
    this.#showTyping();
  }

  #stopTyping(id: string): void {
    this.parts.clock.clearTimeout(this.#typing.get(id));
    if (this.#typing.delete(id)) this.#showTyping();
  }

  #showTyping(): void {
    this.#state.patch({ typing: [...this.#typing.keys()] });
  }

  /** Tells that what others wrote is here. */
  #received(): void {
    const { messages, me, hasNewer } = this.value;
    const last = messages.findLast(({ sender }) => sender !== me?.id);
    if (last && !hasNewer) this.parts.following.mark(this.id, 'delivered', last.seq);
  }

  /** Own messages on their way, without those that are shown among the others already. */
  #pending(messages = this.value.messages): readonly PendingMessage[] {
    const { id, pending: before } = this.value;
    const isHere = ({ room }: PendingMessage) => room === id || room === this.asked;
    const mine = this.parts.outbox.items.value.filter(isHere);
    if (mine.length === 0 && before.length === 0) return before;
    const keys = new Set(messages.map((message) => message.client_message_id));
    const pending = mine.filter(({ clientMessageId }) => !keys.has(clientMessageId));
    const isSame =
      pending.length === before.length && pending.every((one, at) => one === before[at]);
    return isSame ? before : pending;
  }

  #end(ended: RoomState['ended'], error: OrderchatError | null): void {
    this.parts.rooms.remove(this.id);
    this.#state.patch({
      status: 'gone',
      ended,
      error,
      messages: [],
      participants: [],
      capabilities: null,
      typing: [],
    });
  }
}
