import { gathered } from './clock.js';
import type { Clock } from './types.js';
import type { Capabilities, ClientFrame, EventFrame, FrameOf, OkFrame } from './wire.js';

/** How long marks gather: who scrolls reads ten messages a second. */
const MARKS_MS = 250;

interface Parts {
  clock: Clock;
  connection: {
    readonly isOnline: boolean;
    tell(
      frame:
        { type: 'subscribe'; room: string; after?: number } | { type: 'unsubscribe'; room: string },
    ): void;
    command(frame: { type: Kind; room: string; seq: number }): Promise<OkFrame>;
  };
  /** Whether one takes part in the room; undefined while nothing is known of it. */
  isIn(room: string): boolean | undefined;
  /** An event that was not there before, in the order of its room's log. */
  onEvent(event: EventFrame): void;
}

type Kind = 'delivered' | 'read';

/** How far one is, and how far the server was told. */
type Marks = Record<Kind, number> & { told: Record<Kind, number> };

/**
 * How far the client has the log of each room, and what it told the server of that. Nothing is taken
 * twice and nothing is passed over: a missing `seq` is asked for.
 */
export class Following {
  epoch: string | null = null;
  /** What one may do in each room, as the server last said. */
  readonly capabilities = new Map<string, Capabilities>();
  readonly #seqs = new Map<string, number>();
  /** Rooms of which the rest was asked for. */
  readonly #asked = new Set<string>();
  /** Rooms that the last `hello` named. */
  #resumed = new Set<string>();
  /** How many views of a room are open. */
  readonly #views = new Map<string, number>();
  readonly #marks = new Map<string, Marks>();
  readonly #flush;

  constructor(private readonly parts: Parts) {
    this.#flush = gathered(parts.clock, MARKS_MS, () => this.#tellMarks());
  }

  /** For `hello`. */
  resume(): Extract<ClientFrame, { type: 'hello' }>['resume'] | undefined {
    if (this.epoch === null) return;
    this.#resumed = new Set(this.#seqs.keys());
    return { epoch: this.epoch, rooms: Object.fromEntries(this.#seqs) as never };
  }

  /** Whether it is another server, or one that was set back: what is known of it may be too much. */
  welcome({ epoch }: FrameOf<'welcome'>): boolean {
    const isOther = epoch !== (this.epoch ?? epoch);
    this.epoch = epoch;
    // Opened while there was no connection: from where the answers by REST were.
    this.#asked.clear();
    for (const room of this.#seqs.keys()) if (!this.#resumed.has(room)) this.#ask(room);
    this.#flush();
    return isOther;
  }

  seq(room: string): number {
    return this.#seqs.get(room) ?? 0;
  }

  /** A view is open, has everything up to `seq` and wants the rest. */
  opened(room: string, seq: number | null): void {
    this.#views.set(room, (this.#views.get(room) ?? 0) + 1);
    if (seq === null || this.#seqs.has(room)) return;
    this.#seqs.set(room, seq);
    this.#ask(room);
  }

  /** With `forget` it is not followed any more when no view is left: staff follow what they look at. */
  closed(room: string, forget: boolean): void {
    const left = (this.#views.get(room) ?? 1) - 1;
    this.#views.set(room, left);
    if (left > 0 || !forget) return;
    this.ended(room);
    this.parts.connection.tell({ type: 'unsubscribe', room });
  }

  ended(room: string): void {
    this.#seqs.delete(room);
    this.#asked.delete(room);
  }

  event(event: EventFrame): void {
    const { room, seq } = event;
    const have = this.#seqs.get(room) ?? seq - 1;
    if (seq > have + 1) return this.#ask(room);
    if (seq <= have) return;
    this.#seqs.set(room, seq);
    this.parts.onEvent(event);
  }

  caughtUp({ room, seq, capabilities }: FrameOf<'caught_up'>): void {
    this.capabilities.set(room, capabilities);
    const have = this.#seqs.get(room);
    if (have !== undefined && have < seq) return this.#ask(room);
    this.#asked.delete(room);
    if (have === undefined) this.#seqs.set(room, seq);
  }

  /** What there is of the room is of no use; it is live from `seq` on. */
  resync({ room, seq }: FrameOf<'resync'>): void {
    this.ended(room);
    this.#marks.delete(room);
    if (seq !== null) this.#seqs.set(room, seq);
  }

  /**
   * Everything up to `seq` was received, or read. Neither falls back. False, and told to nobody, where one
   * takes no part; of a room that is not known yet, events come to none but who does.
   */
  mark(room: string, kind: Kind, seq: number): boolean {
    if (!(this.parts.isIn(room) ?? this.#seqs.has(room))) return false;
    const marks = this.#marks.get(room) ?? {
      delivered: 0,
      read: 0,
      told: { delivered: 0, read: 0 },
    };
    this.#marks.set(room, marks);
    if (marks[kind] < seq) {
      marks[kind] = seq;
      this.#flush();
    }
    return true;
  }

  #ask(room: string): void {
    if (this.#asked.has(room)) return;
    this.#asked.add(room);
    this.parts.connection.tell({ type: 'subscribe', room, after: this.#seqs.get(room) ?? 0 });
  }

  #tellMarks(): void {
    // Without a connection the next `welcome` comes back to it.
    if (!this.parts.connection.isOnline) return;
    for (const [room, marks] of this.#marks) {
      // Reading implies delivery.
      marks.told.delivered = Math.max(marks.told.delivered, marks.read);
      for (const kind of ['delivered', 'read'] as const) this.#tell(room, kind, marks);
    }
  }

  #tell(room: string, kind: Kind, marks: Marks): void {
    const seq = marks[kind];
    const before = marks.told[kind];
    if (seq <= before) return;
    marks.told[kind] = seq;
    this.parts.connection
      .command({ type: kind, room, seq })
      .catch((error: { isTemporary?: boolean }) => {
        if (!error.isTemporary || marks.told[kind] !== seq) return;
        marks.told[kind] = before;
        this.#flush();
      });
  }
}
