import type { Client, ParticipantView, RoomView } from '@orderchat/sdk';
import { nameOnly } from '@orderchat/ui/text/tokens.js';

/** How long a row has to stay in view: who scrolls through hundreds of rooms asks about none of them. */
const REST_MS = 200;
const AT_ONCE = 2;
const RANK = ['customer', 'rider', 'pharmacy', 'support', 'admin'];

/** Who is in the rooms of a list. A room does not say, so it is asked for rows that are looked at: a few
 *  at a time, each once; from then on events keep it true. */
export class Parties {
  #people: ReadonlyMap<string, readonly ParticipantView[]> = $state.raw(new Map());
  readonly #inView = new Map<Element, string>();
  readonly #counts = new Map<string, number>();
  /** Asked for now, or refused until there is another connection. */
  readonly #asked = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #observer = new IntersectionObserver((entries) => this.#moved(entries));
  readonly #ends: (() => void)[];
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly client: Client) {
    this.#ends = [
      client.onFrame('event', ({ room, data }) => {
        if (data?.participant) this.#changed(room, data.participant);
      }),
      client.onFrame('resync', ({ room }) => this.#forget(room)),
      client.onFrame('welcome', () => {
        this.#refused.clear();
        this.#later();
      }),
    ];
  }

  /** For a row of the list: `{@attach parties.watch}`; its link says which room it is. */
  readonly watch = (row: HTMLElement): (() => void) => {
    this.#observer.observe(row);
    return () => {
      this.#observer.unobserve(row);
      this.#inView.delete(row);
    };
  };

  /** The others in the room, the order's own people first; null while unknown. */
  names(room: RoomView): string[] | null {
    const people = this.#people.get(room.id);
    if (!people) return null;
    return people
      .filter((one) => one.is_active && one.id !== room.my_participant?.id)
      .sort((a, b) => RANK.indexOf(a.role) - RANK.indexOf(b.role))
      .map((one) => nameOnly(one.user_full_name));
  }

  /** Staff follow no room that they do not look at: there a changed number says that somebody came or went. */
  listed(rooms: readonly RoomView[]): void {
    for (const { id, participant_count: count } of rooms) {
      const before = this.#counts.get(id);
      this.#counts.set(id, count);
      const known = this.#people.get(id);
      if (!known || before === undefined || before === count) continue;
      if (known.filter((one) => one.is_active).length !== count) this.#forget(id);
    }
  }

  close(): void {
    clearTimeout(this.#rest);
    this.#observer.disconnect();
    for (const end of this.#ends) end();
  }

  #moved(entries: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const room = target.querySelector<HTMLElement>('[data-room]')?.dataset['room'];
      if (isIntersecting && room) this.#inView.set(target, room);
      else this.#inView.delete(target);
    }
    this.#later();
  }

  #later(): void {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#ask(), REST_MS);
  }

  #ask(): void {
    for (const room of this.#inView.values()) {
      if (this.#asked.size >= AT_ONCE) return;
      if (this.#people.has(room) || this.#asked.has(room) || this.#refused.has(room)) continue;
      this.#asked.add(room);
      void this.#load(room);
    }
  }

  async #load(room: string): Promise<void> {
    try {
      const page = await this.client.rest('GET', '/api/chat/rooms/{room}/participants/', {
        path: { room },
        query: { limit: 50 },
      });
      this.#put(room, (page as { results: ParticipantView[] }).results);
    } catch {
      // A public room shows its people to those who join; without a connection nothing is shown.
      this.#refused.add(room);
    }
    this.#asked.delete(room);
    this.#ask();
  }

  #changed(room: string, next: ParticipantView): void {
    this.#refused.delete(room);
    const known = this.#people.get(room);
    if (!known) return this.#later();
    const old = known.find(({ id }) => id === next.id);
    if (old && old.version > next.version) return;
    this.#put(room, [...known.filter((one) => one !== old), next]);
  }

  #forget(room: string): void {
    if (!this.#people.has(room)) return;
    this.#people = new Map([...this.#people].filter(([id]) => id !== room));
    this.#later();
  }

  #put(room: string, people: readonly ParticipantView[]): void {
    this.#people = new Map(this.#people).set(room, people);
  }
}
