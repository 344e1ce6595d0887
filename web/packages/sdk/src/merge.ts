import { withOwn } from './own.js';
import type { MessageView } from './wire.js';

/** Where the first message with this seq or a later one is. */
function place(list: readonly MessageView[], seq: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]!.seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Fields that are null in events: what is known of them stays. */
const OWN = ['can_be_edited', 'can_be_deleted', 'client_message_id', 'receipts'] as const;
const STATUS = ['sent', 'delivered', 'read'];

/** Of two states of one message: that of the higher `version`, with what only the other one knows. */
export function newer(old: MessageView, next: MessageView): MessageView {
  const [low, high] = next.version < old.version ? [next, old] : [old, next];
  const message = withOwn(high, low, OWN);
  // Receipts are not in the log: `status` may be ahead at the lower version. It never falls back.
  if (STATUS.indexOf(low.status) > STATUS.indexOf(high.status) && high.status !== 'failed') {
    message.status = low.status;
  }
  message.delivered_at ??= low.delivered_at;
  message.read_at ??= low.read_at;
  message.reply_count = Math.max(low.reply_count, high.reply_count);
  return message;
}

/**
 * The list, sorted by `seq`, with these messages in it: each once, in its newest version. The same list
 * when nothing changes, so that views can tell.
 */
export function merge(
  list: readonly MessageView[],
  ...messages: readonly MessageView[]
): readonly MessageView[] {
  if (messages.length === 0) return list;
  const merged = [...list];
  for (const message of messages) {
    const at = place(merged, message.seq);
    const old = merged[at];
    if (old?.seq === message.seq) merged[at] = newer(old, message);
    else merged.splice(at, 0, message);
  }
  return merged;
}
