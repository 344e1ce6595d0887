// The objects of the wire, under the names by which people know them. What `openapi.json` leaves open
// (`file`, `image`, `data` of an event) is said here.
import type { components, paths } from './schema.gen.js';

type Schemas = components['schemas'];
type Refined<Base, Known> = Omit<Base, keyof Known> & Known;

export type { paths };

/** What a user may be; `service` is the shop's backend and never a person in a room. */
export type Role = 'customer' | 'rider' | 'pharmacy' | 'support' | 'admin' | 'service';
export type RoomStatus = 'open' | 'closed' | 'archived';
export type MessageType = 'text' | 'image' | 'file' | 'system' | 'order_update' | 'delivery_update';

/** The file of a message. `pending` while it is scanned: it cannot be downloaded yet. */
export interface FileView {
  attachment: string;
  pending: boolean;
}

/** What is known of a picture before it is loaded: reserve its box with it. */
export interface ImageView {
  width: number;
  height: number;
  /** Base64 of a thumbhash, a blurred preview of about 25 bytes. */
  thumbhash: string | null;
  thumbnail_path: string | null;
}

/** An uploaded file that no message names yet. */
export interface AttachmentView {
  id: string;
  file_name: string;
  file_size: number;
  file_type: string;
  image: ImageView | null;
}

/** `metadata` of a message that the system wrote about an order. */
export interface UpdateMetadata {
  order_id: string;
  order_number: string;
  update_type: string;
  from?: string | null;
  to?: string | null;
  eta?: string | null;
  rider?: string | null;
}

export type Quote = Schemas['Quote'];
export type ReceiptView = Schemas['ReceiptView'];
export type Notice = Schemas['Notice'];
export type Problem = Schemas['Problem'];
export type Capabilities = Schemas['Capabilities'];
export type ActorView = Schemas['ActorView'];
export type MeView = Refined<Schemas['MeView'], { role: Role }>;
export type OrderView = Schemas['OrderView'];
export type RevisionView = Schemas['RevisionView'];
export type TimelineView = Schemas['TimelineView'];
export type RoomStatistics = Schemas['RoomStatistics'];
export type RightsTable = Schemas['RightsTable'];
export type ReportView = Schemas['ReportView'];
export type AuditView = Schemas['AuditView'];
export type RoomPatch = Schemas['RoomPatch'];
export type NewRoom = Schemas['NewRoom'];

export type ParticipantView = Refined<
  Schemas['ParticipantView'],
  { role: Role; ended: 'left' | 'removed' | 'handed_over' | 'blocked' | null }
>;

export type RoomView = Refined<
  Schemas['RoomView'],
  { status: RoomStatus; my_participant: ParticipantView | null }
>;

export type MessageView = Refined<
  Schemas['MessageView'],
  {
    message_type: MessageType;
    sender_role: Role | 'system';
    status: 'sent' | 'delivered' | 'read' | 'failed';
    file: FileView | null;
    image: ImageView | null;
    metadata: Record<string, unknown> | null;
  }
>;

/** A page of a list; {@link Client.page} gets the one behind `next` or `previous`. */
export interface Page<T> {
  results: T[];
  next: string | null;
  previous: string | null;
}

/** The thing that an event is about, as it is when the event is served. */
export interface EventData {
  message?: MessageView;
  room?: RoomView;
  participant?: ParticipantView;
  order?: OrderView;
}

export type EventKind =
  | `message.${'created' | 'edited' | 'deleted' | 'failed'}`
  | `room.${'created' | 'updated' | 'closed' | 'reopened' | 'archived' | 'deleted'}`
  | `participant.${'joined' | 'ended' | 'updated' | 'muted' | 'unmuted' | 'blocked' | 'unblocked'}`
  | 'order.updated'
  | 'hidden';

/** An entry of a room's log. */
export type EventFrame = Refined<
  Schemas['ServerEvent'],
  { kind: EventKind; data: EventData | null }
>;
export type OkFrame = Refined<Schemas['ServerOk'], { message?: MessageView | null }>;

/** What the server sends over a live connection. Frames of unknown types are passed over. */
export type ServerFrame =
  Exclude<Schemas['ServerFrame'], { type: 'event' } | { type: 'ok' }> | EventFrame | OkFrame;
/** What a client sends. */
export type ClientFrame = Schemas['ClientFrame'];
/** The frame of one type: `FrameOf<'receipt'>`. */
export type FrameOf<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>;
