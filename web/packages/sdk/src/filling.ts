import type { OrderchatError } from './errors.js';
import type { RoomListView } from './rooms.js';
import type { Page, RoomView } from './wire.js';

/** Fills a list of rooms, and keeps it in order; loaded with the first list. */
export class Filling {
  /** What the server said belongs here; others are told by the filter. */
  readonly #listed = new Set<string>();
  #next: string | null = null;

  constructor(private readonly list: RoomListView) {
    list.changed = () => this.#changed();
  }

  async reload(): Promise<void> {
    this.list.patch({ status: 'loading', error: null });
    this.#next = this.#first();
    this.#listed.clear();
    await this.#load();
  }

  async more(): Promise<void> {
    const { status, loadingMore } = this.list.value;
    if (status !== 'ready' || loadingMore || this.#next === null) return;
    this.list.patch({ loadingMore: true });
    await this.#load();
  }

  /** The first page again, without forgetting the others. */
  async refresh(): Promise<void> {
    if (this.list.value.status === 'failed') return this.reload();
    const path = this.#first();
    const page = await this.#page(path).catch(() => null);
    if (!page) return;
    this.list.patch({ error: null });
    this.#add(page);
  }

  #changed(): void {
    if (this.list.value.status !== 'ready') return;
    const { ordering = '-last_activity' } = this.list.filter;
    const field = ordering.replace('-', '') as 'last_activity' | 'created_at';
    const way = ordering.startsWith('-') ? -1 : 1;
    const key = (room: RoomView) => `${room[field] ?? ''} ${room.id}`;
    const rooms = [...this.list.index.all()]
      .filter((room) => this.#has(room))
      .sort((a, b) => (key(a) < key(b) ? -way : way));
    const before = this.list.value.rooms;
    const isSame = rooms.length === before.length && rooms.every((room, at) => room === before[at]);
    this.list.patch({ rooms: isSame ? before : rooms, hasMore: this.#next !== null });
  }

  #has(room: RoomView): boolean {
    const { scope = 'mine', status, is_public, order, role } = this.list.filter;
    const mine = room.my_participant;
    return (
      this.#listed.has(room.id) &&
      (scope !== 'mine' || mine?.is_active !== false) &&
      (status ?? room.status) === room.status &&
      (is_public ?? room.is_public) === room.is_public &&
      (order ?? room.order) === room.order &&
      (role ?? mine?.role) === mine?.role
    );
  }

  async #load(): Promise<void> {
    try {
      const page = await this.#page(this.#next!);
      this.#next = page.next;
      this.list.patch({ status: 'ready', error: null, loadingMore: false });
      this.#add(page);
    } catch (error) {
      // Without a later page the others are there.
      const failed = this.list.value.status === 'loading';
      this.list.patch({
        loadingMore: false,
        error: error as OrderchatError,
        ...(failed && { status: 'failed' }),
      });
    }
  }

  #first(): string {
    const pairs = Object.entries(this.list.filter).filter(([, value]) => value !== undefined);
    return `/api/chat/rooms/?${new URLSearchParams(pairs.map(([key, value]) => [key, String(value)]))}`;
  }

  #page(path: string): Promise<Page<RoomView>> {
    return this.list.index.parts.requests.get(path);
  }

  #add({ results }: Page<RoomView>): void {
    if (!this.list.index.lists.has(this.list)) return;
    for (const { id } of results) this.#listed.add(id);
    this.list.index.put(...results);
  }
}
