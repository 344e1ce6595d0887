import type { MessageView } from '../src/wire.js';

const START = Date.parse('2026-11-29T09:00:00Z');

/** A message as REST tells it, said a minute for each seq after nine. */
export function message(seq: number, fields: Partial<MessageView> = {}): MessageView {
  return {
    id: `m${seq}`,
    room: 'room',
    seq,
    version: seq,
    sender: 'ravi',
    sender_name: 'Ravi',
    sender_role: 'rider',
    message_type: 'text',
    message_type_display: 'Text',
    content: `message ${seq}`,
    file: null,
    file_path: null,
    file_name: null,
    file_size: null,
    file_type: null,
    image: null,
    status: 'sent',
    status_display: 'Sent',
    is_edited: false,
    edited_at: null,
    is_deleted: false,
    deleted_at: null,
    reply_to: null,
    reply_count: 0,
    metadata: null,
    timestamp: new Date(START + seq * 60_000).toISOString(),
    delivered_at: null,
    read_at: null,
    receipts: null,
    is_system_message: false,
    is_media_message: false,
    can_be_edited: null,
    can_be_deleted: null,
    client_message_id: null,
    ...fields,
  };
}
