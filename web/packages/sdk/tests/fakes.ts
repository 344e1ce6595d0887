// Stand-ins for the world outside: time, the network, the server's objects.
import type { Clock, WebSocketLike } from '../src/index.js';
import type { ParticipantView, ServerFrame } from '../src/wire.js';

/** Time that passes when a test says so. */
export class FakeClock implements Clock {
  #now = Date.parse('2026-11-29T09:00:00Z');
  #timers: { at: number; callback: () => void }[] = [];

  now = (): number => this.#now;

  setTimeout = (callback: () => void, milliseconds: number): unknown => {
    const timer = { at: this.#now + milliseconds, callback };
    this.#timers.push(timer);
    return timer;
  };

  clearTimeout = (timer: unknown): void => {
    this.#timers = this.#timers.filter((one) => one !== timer);
  };

  /** Lets time pass, and what was waiting happen, in order. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      await settled();
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = end;
    await settled();
  }
}

/** Everything that waits for nothing but promises has happened. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** A connection of which the test is the server. */
export class FakeSocket implements WebSocketLike {
  static all: FakeSocket[] = [];
  readyState = 0;
  readonly sent: { type: string; ref?: string; [field: string]: unknown }[] = [];
  closedWith: number | null = null;
  onopen: (() => unknown) | null = null;
  onmessage: ((event: { data: string }) => unknown) | null = null;
  onclose: ((event: { code: number }) => unknown) | null = null;
  onerror: (() => unknown) | null = null;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }

  static get last(): FakeSocket {
    return FakeSocket.all.at(-1)!;
  }

  send(data: string): void {
    this.sent.push(JSON.parse(data));
  }

  close(code = 1000): void {
    this.closedWith = code;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  say(frame: ServerFrame): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** Opens and greets. */
  welcome(epoch = 'one'): void {
    this.open();
    this.say({ type: 'welcome', epoch, user: 'aisha', heartbeat: 25 });
  }

  end(code: number): void {
    this.onclose?.({ code });
  }

  of(type: string) {
    return this.sent.filter((frame) => frame.type === type);
  }
}

export { message } from './message.js';

export function participant(id: string, fields: Partial<ParticipantView> = {}): ParticipantView {
  return {
    id,
    room: 'room',
    user: null,
    user_email: null,
    user_full_name: id,
    user_role: 'customer',
    role: 'customer',
    role_display: 'Customer',
    is_active: true,
    ended: null,
    is_muted: false,
    muted_until: null,
    is_blocked: false,
    joined_at: '2026-11-29T08:00:00.000Z',
    left_at: null,
    last_seen: null,
    is_online: null,
    notification_preferences: null,
    can_send_messages: null,
    can_receive_messages: null,
    delivered_seq: 0,
    read_seq: 0,
    version: 0,
    ...fields,
  };
}
