import type { MessageView, ParticipantView, RoomView } from './wire.js';

/**
 * Whether one takes part in a room, if the room is known. Only who does says what they have received and
 * read: the server refuses it of staff who read along.
 */
export const takesPart = (room?: Pick<RoomView, 'my_participant'>): boolean | undefined =>
  room && !!room.my_participant?.is_active;

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
