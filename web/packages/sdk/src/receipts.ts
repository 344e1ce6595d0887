import type { MessageView, ParticipantView } from './wire.js';

export interface Receipt {
  status: MessageView['status'];
  /** How many others have it, and have read it. */
  delivered: number;
  read: number;
  /** How many others are in the room, those who ended after having it included. */
  of: number;
}

/** How far others are with a message, by their marks. `status` never falls behind what the server said. */
export function receiptOf(
  message: Pick<MessageView, 'sender' | 'seq' | 'status'>,
  participants: readonly ParticipantView[],
): Receipt {
  const receipt: Receipt = { status: message.status, delivered: 0, read: 0, of: 0 };
  for (const { id, is_active, delivered_seq, read_seq } of participants) {
    if (id === message.sender) continue;
    const isDelivered = delivered_seq >= message.seq;
    if (is_active || isDelivered) receipt.of += 1;
    if (isDelivered) receipt.delivered += 1;
    if (read_seq >= message.seq) receipt.read += 1;
  }
  if (message.status === 'failed') return receipt;
  if (receipt.read || message.status === 'read') receipt.status = 'read';
  else if (receipt.delivered) receipt.status = 'delivered';
  return receipt;
}
