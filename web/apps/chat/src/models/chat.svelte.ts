import type { Client, RoomView } from '@orderchat/sdk';
import { t } from '@orderchat/ui/i18n/index.svelte.js';
import { nameOnly, plain } from '@orderchat/ui/text/tokens.js';
import { toast } from '@orderchat/ui/primitives/toasts.svelte.js';
import { getContext, setContext } from 'svelte';
import { Live } from '../live.svelte.js';
import { session } from '../session.svelte.js';
import { preferences } from './preferences.svelte.js';

const MINUTE_MS = 60_000;

/** What can be told of: what people write, and what the order and its delivery do. */
type Kind = 'messages' | 'order_updates';
type Wishes = { [kind in Kind]?: boolean } & { sound?: boolean; mute_until?: string | null };

/** Whether somebody with these preferences wants to hear of nothing now, or of no such thing. */
export function isSilent(preferences: object | null | undefined, now: number, kind?: Kind) {
  const wishes: Wishes = preferences ?? {};
  return (
    wishes.sound === false ||
    Date.parse(wishes.mute_until ?? '') > now ||
    (kind ? wishes[kind] === false : isHushed(wishes))
  );
}

const isHushed = (wishes: Wishes | null | undefined) =>
  wishes?.messages === false && wishes.order_updates === false;

/** Everything of the signed-in person that is not about one room. */
export class Chat {
  readonly client: Client;
  readonly #connection;
  readonly #me;
  readonly #meError;
  readonly #unread;
  readonly #drafts;
  readonly #outbox;
  /** Whole minutes of the server's clock, for times that age. */
  now: Date = $state.raw(new Date());
  /** There is no connection, and the page says so: of others nothing is known now. */
  offline = $state(false);
  /** The room on the screen, whose news are read out. */
  open: string | null = null;

  constructor(client: Client) {
    this.client = client;
    this.#connection = new Live(client.connection);
    this.#me = new Live(client.me);
    this.#meError = new Live(client.meError);
    this.#unread = new Live(client.unread);
    this.#drafts = new Live(client.drafts);
    this.#outbox = new Live(client.outbox);
    this.now = new Date(client.now());
  }

  get connection() {
    return this.#connection.value;
  }
  get me() {
    return this.#me.value;
  }
  get meError() {
    return this.#meError.value;
  }
  get role() {
    return this.me?.role ?? 'customer';
  }
  get isStaff() {
    return ['pharmacy', 'support', 'admin'].includes(this.role);
  }
  get unread() {
    return this.#unread.value;
  }
  get drafts() {
    return this.#drafts.value;
  }
  get outbox() {
    return this.#outbox.value;
  }

  /** Follows what happens until the returned function is called. */
  start(): () => void {
    const tick = setInterval(() => (this.now = new Date(this.client.now())), 15_000);
    const heard: string[] = [];
    let speak: ReturnType<typeof setTimeout> | undefined;
    const end = this.client.onFrame('event', (frame) => {
      const room = this.known.get(frame.room);
      const ended = frame.kind === 'participant.ended' && frame.data?.participant;
      if (room && ended && this.isOwn(room.id, ended.id)) this.know({ ...room, unread_count: 0 });
      const message = frame.kind === 'message.created' ? frame.data?.message : undefined;
      if (!message || message.message_type === 'system' || message.is_deleted) return;
      const own = message.client_message_id !== null || this.isOwn(frame.room, message.sender);
      if (own || this.client.now() - Date.parse(frame.at) > MINUTE_MS) return;
      const wishes = (room?.my_participant ?? this.me)?.notification_preferences;
      const kind = message.message_type.endsWith('_update') ? 'order_updates' : 'messages';
      if (preferences.sound && !isAttended() && !isSilent(wishes, this.client.now(), kind)) {
        void import('./sound.js').then(({ chime }) => chime());
      }
      if (frame.room !== this.open) return;
      heard.push(
        t('room.newMessage', { name: nameOnly(message.sender_name), text: plain(message.content) }),
      );
      speak ??= setTimeout(() => {
        speak = undefined;
        toast.speak(
          heard.length > 3 ? t('room.newMessages', { n: heard.length }) : heard.join(' '),
        );
        heard.length = 0;
      }, 1_000);
    });
    let failed = 0;
    const leave = this.client.outbox.subscribe((items) => {
      const before = failed;
      failed = items.filter(({ state }) => state === 'failed').length;
      if (failed > before) toast.speak(t('message.notSent'), true);
    });
    return () => {
      clearInterval(tick);
      clearTimeout(speak);
      end();
      leave();
    };
  }

  /** Rooms as they were last listed or open, for what a frame does not say. */
  readonly known = new Map<string, RoomView>();
  /** How many messages are unread where one wants to know of nothing. */
  hushed = $state(0);

  know(...rooms: readonly RoomView[]): void {
    for (const room of rooms) this.known.set(room.id, room);
    let hushed = 0;
    for (const { my_participant: mine, unread_count: unread } of this.known.values())
      if (isHushed(mine?.notification_preferences)) hushed += unread ?? 0;
    this.hushed = hushed;
  }

  isOwn(room: string, participant: string | null): boolean {
    return participant !== null && this.known.get(room)?.my_participant?.id === participant;
  }
}

/** Whether somebody looks at these pages: visible, and in the window that has the focus. Panes of one
 *  window count as one. */
export function isAttended(): boolean {
  if (document.visibilityState !== 'visible') return false;
  try {
    return window.top?.document.hasFocus() ?? document.hasFocus();
  } catch {
    return document.hasFocus();
  }
}

let shownUnread = '';
let showing: ReturnType<typeof setTimeout> | undefined;

/** The number of unread messages on the tab and, where pages have one, on the icon. Browsers take long
 *  over both, so in a burst the last number is enough. */
export function showUnread(count: number, title: string): void {
  clearTimeout(showing);
  showing = setTimeout(() => {
    const text = `${count > 0 ? `(${count}) ` : ''}${title}`;
    if (text === shownUnread) return;
    shownUnread = text;
    document.title = text;
    const badge = navigator as Navigator & { setAppBadge?: (count: number) => Promise<void> };
    badge.setAppBadge?.(count).catch(() => undefined);
    session.tell({ type: 'orderchat:unread', count });
  }, 200);
}

const KEY = Symbol('chat');
export const provideChat = (chat: Chat) => setContext(KEY, chat);
export const useChat = () => getContext<Chat>(KEY);
