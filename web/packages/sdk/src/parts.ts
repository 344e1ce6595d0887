import type { Outbox } from './outbox.js';
import type { Requests } from './rest.js';
import type { Rooms } from './rooms.js';
import type { Clock, Room } from './types.js';
import type { Capabilities } from './wire.js';

/** What an open room needs of its client. */
export interface RoomParts {
  clock: Clock;
  requests: Requests;
  rooms: Rooms;
  outbox: Outbox;
  /** The user's id, once it is known. */
  user(): string | null;
  isStaff(): boolean;
  /** What the server last said that one may do in a room. */
  capabilities(room: string): Capabilities | null;
  /** How far the room's log was followed. */
  seq(room: string): number;
  follow(room: string, seq: number | null): void;
  unfollow(room: string): void;
  mark(room: string, kind: 'delivered' | 'read', seq: number): void;
  tell(frame: { type: 'typing'; room: string }): void;
  onClose(room: Room): void;
}
