import type { MessageView } from '@orderchat/sdk';
import type { Row } from '@orderchat/sdk/view';

export type { Row };

/** The newest message of a row; null for marks and for what is not sent. */
export const lastOf = (row: Row | undefined): MessageView | null =>
  row === undefined
    ? null
    : row.kind === 'updates'
      ? (row.messages.at(-1) ?? null)
      : 'message' in row
        ? row.message
        : null;

export const holds = (row: Row, id: string): boolean =>
  row.kind === 'updates'
    ? row.messages.some((one) => one.id === id)
    : 'message' in row && row.message.id === id;

/** The change from what is shown to what shall be, in steps that a virtual list can show without
 *  moving the reader: what came or went at the beginning alone and marked as such, then the rest. Both
 *  at once would move the reader, because a list can hold on to one end only. */
export function steps(
  shown: readonly Row[],
  wanted: readonly Row[],
): { rows: readonly Row[]; shift: boolean }[] {
  const isContent = (row: Row) => row.kind !== 'day' && row.kind !== 'unread';
  const tail = shown.at(-1);
  const head = shown.find(isContent);
  const newHead = wanted.find(isContent);
  const whole = [{ rows: wanted, shift: false }];
  if (!tail || !head || !newHead || head.key === newHead.key) return whole;
  const cut = wanted.findIndex((row) => row.key === tail.key);
  if (cut === -1 || cut + 1 === shown.length) return whole;
  const first = { rows: wanted.slice(0, cut + 1), shift: true };
  return cut + 1 === wanted.length ? [first] : [first, ...whole];
}

/** Whether the keyboard stops at a row: lines between messages are passed over. */
export const isStop = (row: Row | undefined): boolean =>
  row !== undefined && row.kind !== 'day' && row.kind !== 'unread';

/** The next stop from `index` in this direction; outside of the rows when there is none. */
export function nextStop(rows: readonly Row[], index: number, step: 1 | -1): number {
  do index += step;
  while (index >= 0 && index < rows.length && !isStop(rows[index]));
  return index;
}

/** The newest card of what the order did: the only one that still leads to where it is. */
export const newestUpdates = (rows: readonly Row[]): string | null =>
  rows.findLast((row) => row.kind === 'updates')?.key ?? null;

/** How many messages of others came after `seen`. */
export const unseenIn = (rows: readonly Row[], seen: number): number =>
  rows.reduce((sum, row) => {
    if (row.kind === 'updates')
      return sum + row.messages.filter((message) => message.seq > seen).length;
    return row.kind === 'message' && !row.own && row.message.seq > seen ? sum + 1 : sum;
  }, 0);

const messagesIn = (rows: readonly Row[]): readonly MessageView[] =>
  rows.flatMap((row) =>
    row.kind === 'updates' ? row.messages : 'message' in row ? [row.message] : [],
  );

/** How far somebody has seen these rows who saw `shown` up to `seen`. A server that was set back gives the
 *  same numbers to others: then as far as both are the same. */
export function seenStill(
  seen: number,
  shown: readonly Row[],
  wanted: readonly Row[],
  isEnd: boolean,
): number {
  const before = messagesIn(shown);
  const now = messagesIn(wanted);
  const last = before.findLast(({ seq }) => seq <= seen);
  const end = now.at(-1);
  const isElsewhere = !isEnd && end && end.seq < seen;
  if (!last || !end || isElsewhere || now.some(({ id }) => id === last.id)) return seen;
  const both = now.findLast(
    ({ id, seq }) => seq <= seen && before.some((message) => message.id === id),
  );
  return Math.min(seen, (both ?? end).seq);
}
