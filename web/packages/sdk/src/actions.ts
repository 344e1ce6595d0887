import type { RoomParts } from './parts.js';
import type { Requests } from './rest.js';
import type { Rooms } from './rooms.js';
import type { RoomState, SearchQuery } from './types.js';
import type {
  MeView,
  MessageView,
  NewRoom,
  Page,
  ParticipantView,
  ReportView,
  RevisionView,
  Role,
  RoomPatch,
  RoomStatistics,
  RoomView,
  TimelineView,
} from './wire.js';

type Verb = 'POST' | 'PATCH' | 'DELETE' | 'GET' | 'PUT';

/** The room that is acted upon. Answers are shown at once, before their events. */
export interface Acted {
  readonly id: string;
  readonly parts: RoomParts;
  readonly value: RoomState;
  around(seq: number): Promise<void>;
  changedMessage(message: MessageView): void;
  changedParticipant(participant: ParticipantView): void;
  changedRoom(room: RoomView): void;
}

/** What one can ask of a room that is no more than a request; loaded when the first one is made. */
export class RoomActions {
  constructor(private readonly on: Acted) {}

  async edit(message: string, content: string): Promise<MessageView> {
    const edited = await this.#ask<MessageView>('PUT', this.#message(message), { content });
    this.on.changedMessage(edited);
    return edited;
  }

  delete(message: string, reason?: string): Promise<void> {
    return this.#ask('DELETE', this.#message(message), { reason });
  }

  report(message: string, reason: string, note?: string): Promise<ReportView> {
    return this.#ask('POST', `${this.#message(message)}report/`, { reason, note });
  }

  message(message: string): Promise<MessageView> {
    return this.#ask('GET', this.#message(message));
  }

  async find(message: string): Promise<MessageView> {
    const shown = this.on.value.messages.find(({ id }) => id === message);
    if (shown) return shown;
    const found = await this.message(message);
    await this.on.around(found.seq);
    return found;
  }

  thread(message: string): Promise<Page<MessageView>> {
    return this.#ask('GET', `${this.#message(message)}thread/?limit=200`);
  }

  history(message: string): Promise<Page<RevisionView>> {
    return this.#ask('GET', `${this.#message(message)}history/`);
  }

  search(query: Omit<SearchQuery, 'room'>): Promise<Page<MessageView>> {
    return search(this.on.parts.requests, { ...query, room: this.on.id });
  }

  async quickReplies(): Promise<string[]> {
    return (await this.#ask<Page<string>>('GET', `${this.#room()}quick-replies/`)).results;
  }

  stats(): Promise<RoomStatistics> {
    return this.#ask('GET', `${this.#room()}stats/`);
  }

  orderTimeline(): Promise<Page<TimelineView>> {
    const order = this.on.parts.rooms.get(this.on.id)?.order ?? '';
    return this.#ask('GET', `/api/orders/${encodeURIComponent(order)}/timeline/?limit=200`);
  }

  join(): Promise<RoomView> {
    return this.#change('POST', 'join/', {});
  }

  leave(reason?: string): Promise<void> {
    return this.#ask('POST', `${this.#room()}leave/`, { reason });
  }

  update(patch: RoomPatch): Promise<RoomView> {
    return this.#change('PATCH', '', patch);
  }

  closeRoom(reason?: string): Promise<RoomView> {
    return this.#change('POST', 'close/', { reason });
  }

  reopen(reason?: string): Promise<RoomView> {
    return this.#change('POST', 'reopen/', { reason });
  }

  archive(reason?: string): Promise<RoomView> {
    return this.#change('POST', 'archive/', { reason });
  }

  deleteRoom(reason?: string): Promise<void> {
    return this.#ask('DELETE', this.#room(), { reason });
  }

  addParticipant(user: string, role?: Role): Promise<ParticipantView> {
    return this.#participant('POST', `${this.#room()}participants/`, { user, role });
  }

  changeRole(participant: string, role: Role): Promise<ParticipantView> {
    return this.#participant('PATCH', this.#of(participant), { role });
  }

  removeParticipant(participant: string, reason?: string): Promise<void> {
    return this.#ask('DELETE', this.#of(participant), { reason });
  }

  mute(participant: string, reason?: string, duration?: number): Promise<ParticipantView> {
    return this.#participant('POST', `${this.#of(participant)}mute/`, { reason, duration });
  }

  unmute(participant: string, reason?: string): Promise<ParticipantView> {
    return this.#participant('POST', `${this.#of(participant)}unmute/`, { reason });
  }

  block(participant: string, reason?: string): Promise<ParticipantView> {
    return this.#participant('POST', `${this.#of(participant)}block/`, { reason });
  }

  unblock(participant: string, reason?: string): Promise<ParticipantView> {
    return this.#participant('POST', `${this.#of(participant)}unblock/`, { reason });
  }

  async setPreferences(
    notification_preferences: Record<string, unknown>,
  ): Promise<ParticipantView> {
    const { id, parts } = this.on;
    const mine = this.#of(parts.rooms.get(id)?.my_participant?.id ?? '');
    const participant = await this.#participant('PATCH', mine, { notification_preferences });
    // No event tells them: the list of rooms has them from the room itself.
    parts.rooms.reread(id);
    return participant;
  }

  #ask<T>(verb: Verb, path: string, body?: unknown): Promise<T> {
    return this.on.parts.requests.json(verb, path, body) as Promise<T>;
  }

  async #change(verb: Verb, path: string, body: unknown): Promise<RoomView> {
    const room = await this.#ask<RoomView>(verb, this.#room() + path, body);
    this.on.changedRoom(room);
    return room;
  }

  async #participant(verb: Verb, path: string, body: unknown): Promise<ParticipantView> {
    const participant = await this.#ask<ParticipantView>(verb, path, body);
    this.on.changedParticipant(participant);
    return participant;
  }

  #room = () => `/api/chat/rooms/${encodeURIComponent(this.on.id)}/`;
  #message = (id: string) => `/api/chat/messages/${encodeURIComponent(id)}/`;
  #of = (id: string) => `/api/chat/participants/${encodeURIComponent(id)}/`;
}

/** The same for what concerns no single room. */
export class ClientActions {
  constructor(
    private readonly requests: Requests,
    private readonly rooms: Rooms,
  ) {}

  rest(method: string, path: string, input: Loose = {}): Promise<unknown> {
    const filled = routeOf(path, input.path, input.query);
    return this.requests.json(method, filled, input.body, input.signal);
  }

  async createRoom(body: NewRoom): Promise<RoomView> {
    const room = (await this.requests.json('POST', '/api/chat/rooms/', body)) as RoomView;
    this.rooms.put(room);
    return room;
  }

  search(query: SearchQuery): Promise<Page<MessageView>> {
    return search(this.requests, query);
  }

  page<T>(path: string): Promise<Page<T>> {
    return this.requests.get(path);
  }

  fileUrl(attachment: string): Promise<{ url: string; expires_at: string }> {
    const path = `/api/chat/attachments/${encodeURIComponent(attachment)}/url/`;
    return this.requests.json('POST', path, {}) as never;
  }

  async file(path: string, signal?: AbortSignal): Promise<Blob> {
    return (await this.requests.answer(path, { ...(signal && { signal }) })).blob();
  }

  async readAll(): Promise<void> {
    await this.requests.json('POST', '/api/chat/messages/read-all/', {});
    await this.rooms.refresh();
  }

  refresh(): Promise<void> {
    return this.rooms.refresh();
  }

  setLanguage(language: string | null): Promise<MeView> {
    return this.#patchMe({ language });
  }

  setDefaultPreferences(notification_preferences: Record<string, unknown>): Promise<MeView> {
    return this.#patchMe({ notification_preferences });
  }

  async #patchMe(body: { language?: string | null; notification_preferences?: object }) {
    const me = (await this.requests.json('PATCH', '/api/chat/me/', body)) as MeView;
    this.rooms.me.set(me);
    return me;
  }
}

const search = (requests: Requests, query: SearchQuery): Promise<Page<MessageView>> =>
  requests.get(routeOf('/api/chat/search/', {}, { ...query }));

/** Fills `{room}` in, and adds the query. */
export function routeOf(
  path: string,
  params: Record<string, unknown> = {},
  query: Record<string, unknown> = {},
): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(params[name])),
  );
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const search = new URLSearchParams(pairs.map(([key, value]) => [key, String(value)])).toString();
  return search ? `${filled}?${search}` : filled;
}

interface Loose {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
  signal?: AbortSignal;
}
