import { OrderchatError } from './errors.js';
import { Signal } from './signal.js';
import type { Clock, ConnectionState, WebSocketConstructor, WebSocketLike } from './types.js';
import type { ClientFrame, OkFrame, ServerFrame } from './wire.js';

/** Backoff doubles from the first to the second; the wait is anything up to it. */
const FIRST_MS = 500;
const CAP_MS = 30_000;
/** The longest that opening, `welcome` or the answer to a `ping` may take. */
const PATIENCE_MS = 10_000;
/** Shorter when the browser says that something has changed. */
const DOUBT_MS = 4_000;
/** The client speaks wrongly: coming back at once would not help. */
const OUR_FAULT: readonly (number | null)[] = [1002, 1003, 1007, 1009];

export interface ConnectionParts {
  url: string;
  WebSocket: WebSocketConstructor;
  clock: Clock;
  random: () => number;
  token(renew: boolean): Promise<string>;
  /** In how many milliseconds the token should be replaced. */
  renewIn(): number;
  /** What it goes on from; undefined is left out of JSON. */
  resume(): Extract<ClientFrame, { type: 'hello' }>['resume'] | undefined;
  onFrame(frame: ServerFrame): void;
  /** The answer to a `ping`, and when it was sent, local clock. */
  onPong(at: number, sentAt: number): void;
}

/** A command without its `ref`. */
type Command = ClientFrame extends infer F
  ? F extends ClientFrame
    ? Omit<F, 'ref'>
    : never
  : never;

interface Waiting {
  done(frame: OkFrame): void;
  failed(error: OrderchatError): void;
}

const interrupted = () => new OrderchatError({ title: 'The connection was interrupted' });

/**
 * One WebSocket after the other: opens, says `hello`, notices silence, renews the token, and comes back
 * after a random time. What is said over it is of no concern here.
 */
export class Connection {
  readonly state = new Signal<ConnectionState>({
    status: 'idle',
    retryAt: null,
    offlineSince: null,
    closeCode: null,
  });
  #socket: WebSocketLike | null = null;
  #failures = 0;
  #refs = 0;
  readonly #waiting = new Map<string, Waiting>();
  #heartbeat = 25_000;
  #retryAfter: number | null = null;
  /** The last token was refused. */
  #renew = false;
  #retry: unknown = null;
  #silence: unknown = null;
  #renewal: unknown = null;
  #pingedAt = 0;

  constructor(private readonly parts: ConnectionParts) {}

  get isOnline(): boolean {
    return this.state.value.status === 'online';
  }

  connect(): void {
    if (['idle', 'unauthorised'].includes(this.state.value.status)) {
      this.#listen(true);
      this.#failures = 0;
      void this.#open();
    } else this.check();
  }

  disconnect(): void {
    this.#listen(false);
    this.#drop(1000);
    this.#set('idle');
  }

  /** Sends a frame that nobody answers; nothing when there is no connection. */
  tell(frame: Command): void {
    if (this.isOnline) this.#put(frame as ClientFrame);
  }

  /** Sends a frame and waits for its answer. Rejects with `network` when the connection ends before. */
  command(frame: Command): Promise<OkFrame> {
    return new Promise((done, failed) => {
      if (!this.isOnline) return failed(interrupted());
      const ref = String(++this.#refs);
      this.#waiting.set(ref, { done, failed });
      this.#put({ ...frame, ref } as ClientFrame);
    });
  }

  /** Something changed outside: looks whether the connection lives, or tries at once. */
  readonly check = (): void => {
    if (this.isOnline) this.#ping(DOUBT_MS);
    else if (['waiting', 'offline'].includes(this.state.value.status)) {
      this.parts.clock.clearTimeout(this.#retry);
      void this.#open();
    }
  };

  #set(status: ConnectionState['status'], more: Partial<ConnectionState> = {}): void {
    const offlineSince =
      status === 'online' || status === 'idle'
        ? null
        : (this.state.value.offlineSince ?? this.parts.clock.now());
    this.state.patch({ status, retryAt: null, offlineSince, ...more });
  }

  #put(frame: ClientFrame): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  async #open(): Promise<void> {
    const { WebSocket, url } = this.parts;
    this.#set('connecting');
    this.#retryAfter = null;
    // Whoever disconnects meanwhile replaces it.
    const attempt = (this.#socket = { close: () => {} } as unknown as WebSocketLike);
    let token: string;
    try {
      token = await this.parts.token(this.#renew);
    } catch (error) {
      if (this.#socket !== attempt) return;
      // A `fetch` without network throws a TypeError; whatever else it is will not pass by itself.
      const isTemporary = error instanceof TypeError || (error as OrderchatError).isTemporary;
      return isTemporary ? this.#failed(null) : this.#stop(null);
    }
    if (this.#socket !== attempt) return;
    let socket: WebSocketLike;
    try {
      socket = new WebSocket(url, 'orderchat.v1');
    } catch {
      return this.#failed(null);
    }
    this.#socket = socket;
    const isOurs = () => this.#socket === socket;
    this.#expect(PATIENCE_MS);
    socket.onopen = () => {
      const resume = this.parts.resume();
      if (isOurs()) this.#put({ type: 'hello', token, resume } as ClientFrame);
    };
    socket.onmessage = (event: { data: unknown }) => {
      if (isOurs()) this.#take(event.data);
    };
    socket.onerror = () => {}; // `onclose` follows
    socket.onclose = (event: { code: number }) => {
      // 1005 and 1006 are the browser's words for: it did not say.
      if (isOurs()) this.#closed([1005, 1006].includes(event.code) ? null : event.code);
    };
  }

  #take(data: unknown): void {
    let frame: ServerFrame;
    try {
      frame = JSON.parse(String(data)) as ServerFrame;
    } catch {
      return;
    }
    if (frame.type === 'welcome') {
      this.#failures = 0;
      this.#renew = false;
      this.#heartbeat = frame.heartbeat * 1000;
      this.#renewLater();
      this.#set('online', { closeCode: null });
    }
    // Pings of the server are not seen in a browser: after silence we ask ourselves.
    this.#onSilence(this.#heartbeat, () => this.#ping(PATIENCE_MS));
    if (frame.type === 'pong') this.parts.onPong(Date.parse(frame.at), this.#pingedAt);
    if (frame.type === 'bye') this.#retryAfter = frame.retry_after;
    this.#answered(frame);
    this.parts.onFrame(frame);
    // Ours is the first that hears the clock of the server.
    if (frame.type === 'welcome') this.#ping(PATIENCE_MS);
  }

  #answered(frame: ServerFrame): void {
    if (frame.type !== 'ok' && frame.type !== 'error') return;
    const ref = frame.ref ?? '';
    const waiting = this.#waiting.get(ref);
    this.#waiting.delete(ref);
    if (frame.type === 'ok') waiting?.done(frame);
    else
      waiting?.failed(new OrderchatError(frame.problem, { retryAfter: frame.retry_after ?? null }));
  }

  #ping(patience: number): void {
    this.#pingedAt = this.parts.clock.now();
    this.#put({ type: 'ping' });
    this.#expect(patience);
  }

  /** Without a frame until then the connection is dead. */
  #expect(milliseconds: number): void {
    this.#onSilence(milliseconds, () => {
      this.#drop(4000);
      this.#closed(null);
    });
  }

  #onSilence(milliseconds: number, run: () => void): void {
    const { clock } = this.parts;
    clock.clearTimeout(this.#silence);
    this.#silence = clock.setTimeout(run, milliseconds);
  }

  #renewLater(): void {
    const { clock } = this.parts;
    clock.clearTimeout(this.#renewal);
    const wait = this.parts.renewIn();
    if (wait === Infinity) return;
    // Timers hold 24 days at most, and a token 24 hours; one that lives shorter than its margin waits, too.
    this.#renewal = clock.setTimeout(() => void this.#reauthenticate(), Math.max(wait, 1000));
  }

  async #reauthenticate(): Promise<void> {
    try {
      const token = await this.parts.token(false);
      if (!this.isOnline) return;
      await this.command({ type: 'auth', token });
    } catch {
      // As long as the old one is good, another try; afterwards the server closes with 4401.
    }
    if (this.isOnline) this.#renewLater();
  }

  /** Ends the socket without hearing of it again. */
  #drop(code: number): void {
    const { clock } = this.parts;
    for (const timer of [this.#retry, this.#silence, this.#renewal]) clock.clearTimeout(timer);
    const socket = this.#socket;
    this.#socket = null;
    try {
      socket?.close(code);
    } catch {
      // A socket that never opened.
    }
    for (const { failed } of this.#waiting.values()) failed(interrupted());
    this.#waiting.clear();
  }

  #closed(code: number | null): void {
    if (code === 4403) return this.#stop(code);
    if (code === 4401) {
      // A new token was refused, too.
      if (this.#renew) return this.#stop(code);
      this.#renew = true;
      this.#failures = 0;
    }
    if (OUR_FAULT.includes(code)) this.#failures = 6;
    this.#failed(code);
  }

  #stop(closeCode: number | null): void {
    this.#renew = true;
    this.#set('unauthorised', { closeCode });
    this.#drop(1000);
  }

  #failed(closeCode: number | null): void {
    const { clock, random } = this.parts;
    const retryAfter = this.#retryAfter ?? 0;
    const spread = Math.min(CAP_MS, FIRST_MS * 2 ** this.#failures++);
    const wait = closeCode === 4401 ? 0 : retryAfter * 1000 + random() * spread;
    const isOffline = globalThis.navigator?.onLine === false;
    const retryAt = isOffline ? null : clock.now() + wait;
    this.#set(isOffline ? 'offline' : 'waiting', { closeCode, retryAt });
    this.#drop(1000);
    // What a browser says of the network is not always true: offline is tried, too, if seldom.
    this.#retry = clock.setTimeout(() => void this.#open(), isOffline ? CAP_MS : wait);
  }

  readonly #onVisible = () => {
    if (document.visibilityState === 'visible') this.check();
  };

  #listen(on: boolean): void {
    const change = on ? 'addEventListener' : 'removeEventListener';
    globalThis[change]?.('online', this.check);
    globalThis[change]?.('offline', this.check);
    globalThis.document?.[change]('visibilitychange', this.#onVisible);
  }
}
