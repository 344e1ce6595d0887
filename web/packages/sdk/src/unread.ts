import type { MessageView } from './wire.js';

/** Whether a message counts as unread for who did not write it. */
export function counts(message: MessageView): boolean {
  return message.message_type !== 'system' && !message.is_deleted;
}
