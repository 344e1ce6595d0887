import type { MessageView } from '@orderchat/sdk';
import { message as told } from '../../../sdk/tests/message.js';

/** A message as the server gives it, with what a test cares about. */
export const message = (seq: number, more: Partial<MessageView> = {}): MessageView =>
  told(seq, {
    room: 'r',
    sender: 'p2',
    sender_name: 'Ravi (Rider)',
    content: `Message ${seq}`,
    timestamp: new Date(Date.UTC(2026, 10, 29, 8, 0, seq)).toISOString(),
    ...more,
  });
