import type { Item, Point } from '../primitives/Menu.svelte';
import { getContext, setContext } from 'svelte';
import type { MessageView, ParticipantView, PendingMessage } from '@orderchat/sdk';

/** What may be done with a message now, and why not. */
export interface Rights {
  reply: string | null;
  edit: string | null;
  remove: string | null;
}

/** What the rows of a conversation need from the page around them. */
export interface Conversation {
  readonly me: string | null;
  readonly role: string;
  readonly participants: readonly ParticipantView[];
  readonly now: Date;
  rights(message: MessageView): Rights;
  reply(message: MessageView): void;
  edit(message: MessageView): void;
  remove(message: MessageView): void;
  report(message: MessageView): void;
  history(message: MessageView): void;
  receipts(message: MessageView): void;
  thread(message: MessageView): void;
  jump(messageId: string, seq: number): void;
  retry(key: string): void;
  discard(key: string): void;
  look(message: MessageView): void;
  /** One menu serves all rows: a menu in each would make scrolling slow. */
  menu(items: Item[], opener: HTMLElement, point?: Point): void;
  /** An address under which this page may show the file (or its small picture) for a while. */
  address(message: MessageView, small?: boolean): Promise<string>;
  /** Keeps the file of the message on the reader's device; says so where that fails. */
  download(message: MessageView): Promise<void>;
}

const KEY = Symbol('conversation');

export const provideConversation = (conversation: Conversation) => setContext(KEY, conversation);
export const useConversation = () => getContext<Conversation>(KEY);

/** A message that is on its way, in the shape of one that has arrived. */
export function asMessage(
  pending: PendingMessage,
  me: ParticipantView | null,
  role: string,
): MessageView {
  const { file } = pending;
  return {
    id: pending.clientMessageId,
    room: pending.room,
    seq: Number.MAX_SAFE_INTEGER,
    version: 0,
    sender: me?.id ?? null,
    sender_name: me?.user_full_name ?? '',
    sender_role: (me?.role ?? role) as MessageView['sender_role'],
    message_type: file ? (file.type.startsWith('image/') ? 'image' : 'file') : 'text',
    message_type_display: '',
    content: pending.content,
    file: null,
    file_path: null,
    file_name: file?.name ?? null,
    file_size: file?.size ?? null,
    file_type: file?.type ?? null,
    image: pending.attachment?.image ?? sizeOf(pending.metadata),
    status: 'sent',
    status_display: '',
    is_edited: false,
    edited_at: null,
    is_deleted: false,
    deleted_at: null,
    reply_to: pending.replyTo,
    reply_count: 0,
    metadata: null,
    timestamp: new Date(pending.createdAt).toISOString(),
    delivered_at: null,
    read_at: null,
    receipts: null,
    is_system_message: false,
    is_media_message: file !== null,
    can_be_edited: false,
    can_be_deleted: false,
    client_message_id: pending.clientMessageId,
  };
}

/** How large the picture is, noted when it was made ready: its box is right from the start. */
function sizeOf(metadata: Record<string, unknown> | null): MessageView['image'] {
  const width = metadata?.['width'];
  const height = metadata?.['height'];
  if (typeof width !== 'number' || typeof height !== 'number') return null;
  return { width, height, thumbhash: null, thumbnail_path: null };
}
