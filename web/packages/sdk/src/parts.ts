import type { Connection } from './connection.js';
import type { Following } from './following.js';
import type { Outbox } from './outbox.js';
import type { Requests } from './rest.js';
import type { Rooms } from './rooms.js';
import type { Clock, Room } from './types.js';

/** What an open room needs of its client. */
export interface RoomParts {
  clock: Clock;
  connection: Connection;
  following: Following;
  outbox: Outbox;
  requests: Requests;
  rooms: Rooms;
  /** The user's id, once it is known. */
  user(): string | null;
  isStaff(): boolean;
  onClose(room: Room): void;
}
