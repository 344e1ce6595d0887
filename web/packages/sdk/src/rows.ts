import type { PendingMessage } from './types.js';
import { counts } from './unread.js';
import type { MessageView } from './wire.js';

export interface RowOptions {
  /** One's own participant id; null for who is not in the room. */
  me: string | null;
  /** Own messages on their way, put after the others. */
  pending?: readonly PendingMessage[];
  /** The divider goes before the first message of another author after this seq; null for none. */
  unreadAfter?: number | null;
  /** Nothing is older than the first message: a start row is put before it. */
  isStart?: boolean;
  /** IANA name; the browser's by default. */
  timeZone?: string;
}

/** Where a bubble stands in its group: messages of one author within five minutes. */
export interface GroupPlace {
  first: boolean;
  last: boolean;
}

export type Row =
  | { kind: 'start'; key: string }
  /** `day` is the local date, `2026-11-29`; `at` the time of its first message. */
  | { kind: 'day'; key: string; day: string; at: string }
  | { kind: 'unread'; key: string; count: number }
  | ({ kind: 'message'; key: string; message: MessageView; own: boolean } & GroupPlace)
  | ({ kind: 'pending'; key: string; pending: PendingMessage } & GroupPlace)
  | { kind: 'system'; key: string; message: MessageView }
  /** Consecutive order and delivery updates as one card. */
  | { kind: 'updates'; key: string; messages: readonly MessageView[] };

/** Longer silence ends a group. */
const GROUP_MS = 5 * 60_000;

const isUpdate = ({ message_type: type }: MessageView) =>
  type === 'order_update' || type === 'delivery_update';

/** One's own keeps the key of its pending row; others' key is null on the wire. */
const keyOf = (message: MessageView) => message.client_message_id ?? message.id;

/** Local time changes its distance to UTC at quarters of an hour only: one look-up for each is enough. */
const QUARTER_MS = 15 * 60_000;
const days = new Map<string, (at: number) => string>();

/** Gives the local date of a time, as `2026-11-29`. */
function dayIn(timeZone: string | undefined): (at: number) => string {
  const known = days.get(timeZone ?? '');
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-CA', {
    ...(timeZone && { timeZone }),
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  let [quarter, day] = [-1, ''];
  const dayOf = (at: number) => {
    const next = Math.floor(at / QUARTER_MS);
    if (next !== quarter) {
      quarter = next;
      const part: Record<string, string> = {};
      for (const { type, value } of format.formatToParts(at)) part[type] = value;
      day = `${part.year}-${part.month}-${part.day}`;
    }
    return day;
  };
  days.set(timeZone ?? '', dayOf);
  return dayOf;
}

/** The last bubble so far, and what decides whether the next one joins its group. */
interface Group {
  row: GroupPlace;
  author: string;
  at: number;
}

/** The rows of a timeline. A row's `key` stays the same when its message is accepted, edited or deleted. */
export function toRows(messages: readonly MessageView[], options: RowOptions): Row[] {
  const { me, pending = [], unreadAfter = null, isStart = false, timeZone } = options;
  const dayOf = dayIn(timeZone);
  const rows: Row[] = isStart ? [{ kind: 'start', key: 'start' }] : [];
  let day = '';
  let group: Group | null = null;
  let isDivided = unreadAfter === null;

  const enter = (at: number) => {
    const of = dayOf(at);
    if (of === day) return;
    day = of;
    group = null;
    rows.push({ kind: 'day', key: `day ${of}`, day: of, at: new Date(at).toISOString() });
  };
  const join = (author: string, at: number): GroupPlace => {
    const place = { first: true, last: true };
    if (group && group.author === author && at - group.at < GROUP_MS) {
      group.row.last = false;
      place.first = false;
    }
    return place;
  };
  const add = (row: Extract<Row, GroupPlace>, author: string, at: number) => {
    rows.push(row);
    group = { row, author, at };
  };

  messages.forEach((message, index) => {
    const at = Date.parse(message.timestamp);
    const own = me !== null && message.sender === me;
    enter(at);
    if (!isDivided && message.seq > unreadAfter! && !own && counts(message)) {
      isDivided = true;
      group = null;
      const count = messages.slice(index).filter((m) => m.sender !== me && counts(m)).length;
      rows.push({ kind: 'unread', key: 'unread', count });
    }
    const last = rows.at(-1);
    if (isUpdate(message) && !message.is_deleted) {
      group = null;
      if (last?.kind === 'updates') last.messages = [...last.messages, message];
      else rows.push({ kind: 'updates', key: keyOf(message), messages: [message] });
    } else if (message.is_system_message || message.sender === null) {
      group = null;
      rows.push({ kind: 'system', key: keyOf(message), message });
    } else {
      // An edited message says so: it does not hide between others of its group.
      if (message.is_edited) group = null;
      const place = join(message.sender, at);
      add({ kind: 'message', key: keyOf(message), message, own, ...place }, message.sender, at);
      if (message.is_edited) group = null;
    }
  });
  for (const item of pending) {
    enter(item.createdAt);
    const place = join(me ?? 'me', item.createdAt);
    const row: Row = { kind: 'pending', key: item.clientMessageId, pending: item, ...place };
    add(row, me ?? 'me', item.createdAt);
  }
  return rows;
}
