import { merge } from './merge.js';
import { quoteOf } from './quote.js';
import { type Requests, roomPath } from './rest.js';
import type { Signal } from './signal.js';
import type { RoomState } from './types.js';
import type { MessageView, Page } from './wire.js';

const PAGE = 50;
/** More are not kept: the far end is dropped, and read again when somebody goes there. */
const MOST = 2_000;

/** The window of a room's messages: from where to where, and how it grows. */
export class Timeline {
  #loads = 0;
  #isLoading = false;
  /** Messages that arrived while a page was on its way. */
  #arrived: MessageView[] = [];

  constructor(
    private readonly requests: Requests,
    private readonly state: Signal<RoomState>,
    private readonly pendingBeside: (messages: readonly MessageView[]) => RoomState['pending'],
  ) {}

  /** A new window: around a seq, or the newest. */
  async load(around: number | null): Promise<void> {
    const load = ++this.#loads;
    this.#arrived = [];
    this.#isLoading = true;
    const page = await this.#page(around === null ? '' : `&around=${around}`).finally(() => {
      if (load === this.#loads) this.#isLoading = false;
    });
    if (load !== this.#loads) return;
    this.#show(merge([], ...page.results), {
      hasNewer: page.next !== null,
      hasOlder: page.previous !== null,
      loadingOlder: false,
      loadingNewer: false,
    });
    this.#putArrived();
  }

  older = (): Promise<void> => this.#grow(true);
  newer = (): Promise<void> => this.#grow(false);

  /** The page before the window, or the one after it. */
  async #grow(isOlder: boolean): Promise<void> {
    const [has, loading, hasBehind] = isOlder
      ? (['hasOlder', 'loadingOlder', 'hasNewer'] as const)
      : (['hasNewer', 'loadingNewer', 'hasOlder'] as const);
    const { messages, [has]: hasMore, [loading]: isLoading } = this.state.value;
    if (!hasMore || isLoading) return;
    const load = this.#loads;
    this.state.patch({ [loading]: true });
    try {
      const page = await this.#page(
        isOlder ? `&before=${messages[0]!.seq}` : `&after=${messages.at(-1)!.seq}`,
      );
      if (load !== this.#loads) return;
      const all = merge(this.state.value.messages, ...page.results);
      this.#show(isOlder ? all.slice(0, MOST) : all.slice(-MOST), {
        [has]: (isOlder ? page.previous : page.next) !== null,
        ...(all.length > MOST && { [hasBehind]: true }),
      });
      if (!isOlder) this.#putArrived();
    } finally {
      if (load === this.#loads) this.state.patch({ [loading]: false });
    }
  }

  /** A message in a new state; one that is new only where the window reaches the end. */
  put(message: MessageView, isNew = false): void {
    const { messages, hasNewer, hasOlder, loadingNewer } = this.state.value;
    if (this.#isLoading || (isNew && loadingNewer)) this.#arrived.push(message);
    const first = messages[0]?.seq ?? (hasOlder ? Infinity : 0);
    const last = messages.at(-1)?.seq ?? 0;
    if (message.seq < first || (hasNewer && message.seq > last)) return;
    const merged = merge(messages, message);
    const isAdded = merged.length > messages.length;
    const known = merged.find(({ seq }) => seq === message.seq)!;
    // What quotes it and what it answers follow.
    const all = merged.map((one) => {
      if (one.reply_to?.id === known.id) return { ...one, reply_to: quoteOf(known) };
      return isAdded && one.id === known.reply_to?.id
        ? { ...one, reply_count: one.reply_count + 1 }
        : one;
    });
    // Not at every message: whoever looks at the oldest ones would see them go one by one.
    if (all.length > MOST + PAGE) this.#show(all.slice(-MOST), { hasOlder: true });
    else this.#show(all, {});
  }

  #putArrived(): void {
    for (const message of this.#arrived.splice(0)) this.put(message);
  }

  #show(messages: readonly MessageView[], more: Partial<RoomState>): void {
    this.state.patch({ messages, pending: this.pendingBeside(messages), ...more });
  }

  #page(where: string): Promise<Page<MessageView>> {
    return this.requests.get(`${roomPath(this.state.value.id)}messages/?limit=${PAGE}${where}`);
  }
}
