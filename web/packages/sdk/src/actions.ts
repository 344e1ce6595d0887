import type { RoomParts } from './parts.js';
import type { SearchQuery } from './types.js';
import type {
  MessageView,
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
  changedMessage(message: MessageView): void;
  changedParticipant(participant: ParticipantView): void;
  changedRoom(room: RoomView): void;
}

/** What one can ask of a room that is no more than a request; loaded when the first one is made. */
export class Actions {
  constructor(
    private readonly parts: RoomParts,
    private readonly on: Acted,
  ) {}

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

  thread(message: string): Promise<Page<MessageView>> {
    return this.#ask('GET', `${this.#message(message)}thread/?limit=200`);
  }

  history(message: string): Promise<Page<RevisionView>> {
    return this.#ask('GET', `${this.#message(message)}history/`);
  }

  search(query: Omit<SearchQuery, 'room'>): Promise<Page<MessageView>> {
    return this.parts.requests.rest('GET', '/api/chat/search/', {
      query: { ...query, room: this.on.id },
    }) as Promise<Page<MessageView>>;
  }

  async quickReplies(): Promise<string[]> {
    return (await this.#ask<Page<string>>('GET', `${this.#room()}quick-replies/`)).results;
  }

  stats(): Promise<RoomStatistics> {
    return this.#ask('GET', `${this.#room()}stats/`);
  }

  orderTimeline(): Promise<Page<TimelineView>> {
    const order = this.parts.rooms.get(this.on.id)?.order ?? '';
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

  setPreferences(notification_preferences: Record<string, unknown>): Promise<ParticipantView> {
    const mine = this.parts.rooms.get(this.on.id)?.my_participant?.id ?? '';
    return this.#participant('PATCH', this.#of(mine), { notification_preferences });
  }

  #ask<T>(verb: Verb, path: string, body?: unknown): Promise<T> {
    return this.parts.requests.json(verb, path, body) as Promise<T>;
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
