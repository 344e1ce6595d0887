// Written by tools/gen-api.mjs from openapi.json and asyncapi.json; not to be edited.
export interface paths {
  '/api/chat/rooms/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List rooms
     * @description Newest activity first, unless asked otherwise.
     */
    get: operations['get_rooms'];
    put?: never;
    /**
     * Create the room of an order
     * @description An order has one room, whoever asks first: asked again, this answers 200 with it and changes
     *     nothing. The order's people and the caller (unless the service) join at once.
     */
    post: operations['post_rooms'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/rooms/{room}/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Read a room
     * @description By its id or its code. Outsiders of a public room see its card: most fields are null.
     */
    get: operations['get_rooms_room'];
    /** Change a room */
    put: operations['put_rooms_room'];
    post?: never;
    /**
     * Delete a room
     * @description It is hidden from everybody for good, and stays the order's room.
     */
    delete: operations['delete_rooms_room'];
    options?: never;
    head?: never;
    /**
     * Change a room
     * @description The same as `PUT`.
     */
    patch: operations['patch_rooms_room'];
    trace?: never;
  };
  '/api/chat/rooms/{room}/close/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Close a room
     * @description It takes receipts, messages of the system and reading until it is reopened.
     */
    post: operations['post_rooms_room_close'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/rooms/{room}/reopen/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Reopen a closed room */
    post: operations['post_rooms_room_reopen'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/rooms/{room}/archive/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Archive a room
     * @description For good: it can only be read from then on.
     */
    post: operations['post_rooms_room_archive'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/rooms/{room}/join/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Join a room
     * @description A public one, one that staff reach, one that the caller left. A reason is taken as by the other
     *     actions; that somebody joined is told without one.
     */
    post: operations['post_rooms_room_join'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/rooms/{room}/leave/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Leave a room
     * @description Answers with the room as it is left; `/join/` brings the caller back.
     */
    post: operations['post_rooms_room_leave'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/rooms/{room}/read/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Mark a room as read
     * @description A reason is taken as by the other actions of a room, and told to nobody.
     */
    post: operations['post_rooms_room_read'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/rooms/{room}/events/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Read the room log
     * @description For clients that sync by polling: every seq from where the caller sees on, ascending, each with
     *     the thing as it is now. `next` is null when there is nothing newer yet.
     */
    get: operations['get_rooms_room_events'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/rooms/{room}/quick-replies/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List quick replies
     * @description Sentences that one click sends: for the caller's role in the room and the order's status, in the
     *     room's language. All of them are on the first page.
     */
    get: operations['get_rooms_room_quick-replies'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/rooms/{room}/participants/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List the participants of a room
     * @description In the order in which they first came.
     */
    get: operations['get_rooms_room_participants'];
    put?: never;
    /**
     * Bring somebody into a room
     * @description A user known here. Who is in it already: 200, unchanged. Who ended comes back with the same id.
     */
    post: operations['post_rooms_room_participants'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/participants/{participant}/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Read a participant */
    get: operations['get_participants_participant'];
    /** Change a participant */
    put: operations['put_participants_participant'];
    post?: never;
    /**
     * Remove a participant
     * @description They cannot come back by themselves; staff may add them again.
     */
    delete: operations['delete_participants_participant'];
    options?: never;
    head?: never;
    /**
     * Change a participant
     * @description The same as `PUT`.
     */
    patch: operations['patch_participants_participant'];
    trace?: never;
  };
  '/api/chat/participants/{participant}/mute/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Mute a participant
     * @description They read on, but may not write.
     */
    post: operations['post_participants_participant_mute'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/participants/{participant}/unmute/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Lift a mute */
    post: operations['post_participants_participant_unmute'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/participants/{participant}/block/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Block a participant
     * @description The room does not exist for them any more, on any surface.
     */
    post: operations['post_participants_participant_block'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/participants/{participant}/unblock/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Lift a block
     * @description They are not in the room again: staff may add them.
     */
    post: operations['post_participants_participant_unblock'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/rooms/{room}/messages/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List the messages of a room
     * @description Always ascending; the newest without `before`, `after` or `around`. `next` is newer, `previous`
     *     older.
     */
    get: operations['get_rooms_room_messages'];
    put?: never;
    /**
     * Send a message
     * @description With a file as `multipart/form-data`, or with `attachment` for one uploaded before.
     *     With `client_message_id` or the header `Idempotency-Key`, repeating it is safe: 200 with the
     *     message as it now is. The same key with other content is 422. Staff who are not in the room
     *     join it.
     */
    post: operations['post_rooms_room_messages'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/messages/{message}/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Read a message
     * @description Its sender and staff also see who has received and read it.
     */
    get: operations['get_messages_message'];
    /**
     * Edit a message
     * @description Its sender only, and customers and riders only for 15 minutes. Earlier texts stay, for admins.
     */
    put: operations['put_messages_message'];
    post?: never;
    /**
     * Delete a message
     * @description A tombstone stays for everybody. Support and admins delete anybody's, with a reason.
     */
    delete: operations['delete_messages_message'];
    options?: never;
    head?: never;
    /**
     * Edit a message
     * @description The same as `PUT`.
     */
    patch: operations['patch_messages_message'];
    trace?: never;
  };
  '/api/chat/messages/{message}/read/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Mark a message as read
     * @description And everything before it.
     */
    post: operations['post_messages_message_read'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/messages/{message}/delivered/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Acknowledge that a message was received
     * @description And everything before it.
     */
    post: operations['post_messages_message_delivered'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/messages/{message}/reply/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Reply to a message
     * @description A send in the message's room, with `reply_to` set.
     */
    post: operations['post_messages_message_reply'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/rooms/{room}/attachments/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Upload a file
     * @description Its content decides of which kind it is. Name it in a message as `attachment` within a day.
     */
    post: operations['post_rooms_room_attachments'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/attachments/{attachment}/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Download a file
     * @description For whoever may see its message, and for its uploader. Ranges and `If-None-Match` are answered.
     */
    get: operations['get_attachments_attachment'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/attachments/{attachment}/thumbnail/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Download the thumbnail of an image
     * @description At most 480 pixels wide and high.
     */
    get: operations['get_attachments_attachment_thumbnail'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/attachments/{attachment}/url/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Make a link to a file
     * @description For five minutes it downloads the file without a bearer, in the name of who asked for it; whether
     *     they still may is asked again then. Whoever is given it can use it, too.
     */
    post: operations['post_attachments_attachment_url'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/uploads/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Begin a resumable upload
     * @description By [tus 1.0](https://tus.io/protocols/resumable-upload), with the extensions creation,
     *     creation-with-upload, termination, expiration and checksum. `Upload-Metadata` names the `room`, and
     *     if known `filename`, `filetype` and `purpose`. The last part of `Location` is the attachment's id:
     *     once all bytes have come, name it in a message. `OPTIONS` tells the extensions, the checksums and the
     *     largest file. Who cannot send PATCH or DELETE posts to the upload, with `X-HTTP-Method-Override`.
     */
    post: operations['post_uploads'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/uploads/{upload}/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * End an upload
     * @description What came of it is deleted.
     */
    delete: operations['delete_uploads_upload'];
    options?: never;
    /**
     * Ask how far an upload is
     * @description Until `Upload-Expires`, also after all bytes have come: who missed the answer to the last piece
     *     learns here that nothing is left to send.
     */
    head: operations['head_uploads_upload'];
    /**
     * Go on with an upload
     * @description From `Upload-Offset` on. When the last byte has come the file is looked at: the answer may be that
     *     it is not taken.
     */
    patch: operations['patch_uploads_upload'];
    trace?: never;
  };
  '/api/chat/search/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Search in messages
     * @description Finds the caller's messages whose text has the query in it, whatever the script, the case or the
     *     accents, and all those of an order whose number, or a room whose code, begins with it. Newest
     *     first; an edited message stands where it was edited. One or two characters search the newest
     *     5,000 messages of the caller's rooms, and name an order by its whole number. A page may
     *     be short, or empty, and still have a `next`: follow it to the end. Pages go forward only:
     *     `previous` is null.
     */
    get: operations['get_search'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/rooms/{room}/stats/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Read a room's statistics
     * @description A response is the first message by staff or the rider after a customer's that had none. Deleted
     *     messages stay counted.
     */
    get: operations['get_rooms_room_stats'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/messages/{message}/thread/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Read the thread of a message
     * @description The chain of messages above it, the message itself, and all replies below it, direct or not, in
     *     the order of the room. The first page holds what is nearest; `previous` goes up the chain,
     *     `next` further down. A page may hold fewer than `limit` and still go on: follow the paths.
     */
    get: operations['get_messages_message_thread'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/messages/unread/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List what one has not read
     * @description The messages that count as unread, of all rooms that the caller is in: room by room, the oldest
     *     room first, in each in their order. How many there are in all says `/me/`. A page may hold fewer
     *     than `limit` and still go on: follow `next`. There is no way back: what was read is gone from it.
     */
    get: operations['get_messages_unread'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/messages/read-all/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Mark everything as read
     * @description In every room that the caller is in. Repeating it is safe, and takes in what came since.
     */
    post: operations['post_messages_read-all'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/messages/{message}/history/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Read the history of a message
     * @description As it was sent, each edit, and its deletion with the reason, oldest first: admins only. Reading
     *     it in a room one is not in is recorded as any reading.
     */
    get: operations['get_messages_message_history'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/messages/{message}/report/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Report a message
     * @description To the admins, who find it in the audit. Whoever may read a message may report it, in a room of
     *     any state; once: who reports it again gets 200 and their first report, unchanged.
     */
    post: operations['post_messages_message_report'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/me/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Read one's own profile */
    get: operations['get_me'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    /** Change one's own profile */
    patch: operations['patch_me'];
    trace?: never;
  };
  '/api/orders/{order}/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Read an order
     * @description As far as the caller may: customers and riders only while they may read its room.
     */
    get: operations['get_orders_order'];
    /**
     * Report an order
     * @description The service alone. The order's room opens when the order policy says so, its people come and
     *     go, and the room hears the news.
     */
    put: operations['put_orders_order'];
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/orders/events/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Tell of orders by events
     * @description The service alone. CloudEvents 1.0, structured, binary or batched; a batch is taken event by event.
     *     Events may come late, out of order and more than once; those for an order that is not known yet
     *     are kept for 7 days and taken when it arrives.
     */
    post: operations['post_orders_events'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/orders/{order}/timeline/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Read an order's timeline
     * @description What the shop told of the order, messages, who came and went, the room's changes and proof of
     *     delivery, oldest first, as far as the caller may know. A page may hold fewer than `limit` and still
     *     have a `next`; there is no `previous`.
     */
    get: operations['get_orders_order_timeline'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/orders/{order}/policy/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Read an order's table of rights
     * @description Staff and the service. Who may read, write and attach now, what the server does with the room next,
     *     and what the order policy says of every status.
     */
    get: operations['get_orders_order_policy'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/users/{user}/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    /**
     * Tell about a user
     * @description The service alone. Another role than before also revokes the user's tokens.
     */
    put: operations['put_users_user'];
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/users/{user}/revoke/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Revoke a user's tokens
     * @description The service alone. Every token issued up to now dies, also of a user who has not come yet: their
     *     `role` is null in the answer.
     */
    post: operations['post_users_user_revoke'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/audit/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List the audit
     * @description Admins alone. What no room shows: who read a room that they are not in, blocked, deleted, revoked,
     *     reported, or tried what they may not; newest first. A page may hold fewer than `limit` and still
     *     have a `next`.
     */
    get: operations['get_audit'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/ws/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Open a live connection
     * @description A WebSocket with the subprotocol `orderchat.v1`. Who asks says the first frame (`hello`), so no
     *     token is sent here. The frames are described by `/api/asyncapi.json`.
     */
    get: operations['get_ws'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chat/events/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Listen to rooms
     * @description Server-Sent Events: the frames that a live connection is sent of these rooms, one an event, as
     *     `/api/asyncapi.json` describes them. Events of the log, and `caught_up`, have an id; whoever comes
     *     back gives the last one in `Last-Event-ID` and is sent what they missed. The stream ends with the
     *     frame `bye`.
     */
    get: operations['get_events'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    /** @description `actor` of an event; null for the system and the service. */
    ActorView: {
      /** Format: uuid */
      participant: string | null;
      name: string;
      role: string;
    };
    /** @description The capabilities of SPEC 12. */
    Capabilities: {
      read: boolean;
      write: boolean;
      attach: boolean;
      /**
       * Format: int64
       * @description For how many seconds after sending one may edit one's own texts; null without an end, 0 not
       *     at all.
       */
      edit_s: number | null;
      /**
       * Format: int64
       * @description As `edit_s`, for deleting.
       */
      delete_s: number | null;
      /** @description The rule by which one may not write, in words; null when one may. */
      why_not: string | null;
      /**
       * Format: date-time
       * @description When the clock alone changes `write`.
       */
      until: string | null;
    };
    /** @description Who closed a room. */
    ClosedBy: {
      /**
       * Format: uuid
       * @description Null for staff who are not in the room.
       */
      participant: string | null;
      name: string;
      role: string;
    };
    /** @description What an event carries: the thing as it is when it is served. */
    EventData:
      | {
          message: components['schemas']['MessageView'];
        }
      | {
          room: components['schemas']['RoomView'];
        }
      | {
          participant: components['schemas']['ParticipantView'];
        }
      | {
          order: components['schemas']['OrderView'];
        };
    /** @description The file of a message. */
    FileView: {
      /**
       * Format: uuid
       * @description Its id, for `/attachments/{id}/`.
       */
      attachment: string;
      /** @description It waits for the scanner, and cannot be downloaded yet. */
      pending: boolean;
    };
    /** @description What an image has beside. */
    ImageView: {
      /** Format: int32 */
      width: number;
      /** Format: int32 */
      height: number;
      /**
       * @description A [thumbhash](https://evanw.github.io/thumbhash/) in base64: some 25 bytes to show until the
       *     thumbnail is there.
       */
      thumbhash: string;
      /** @description Needs the bearer, as `file_path`. */
      thumbnail_path: string;
    };
    /**
     * @description The message object of SPEC 11.
     * @example {
     *       "id": "019aac41-90d4-7c3e-a5b8-17f2e6c40d93",
     *       "room": "019aac3e-5b1f-7d20-9c41-3f0e8a6d2b17",
     *       "seq": 9,
     *       "version": 9,
     *       "sender": "019aac3e-5b20-7a11-8e02-64d1c7f09a35",
     *       "sender_name": "Aisha Rahman",
     *       "sender_role": "customer",
     *       "message_type": "text",
     *       "message_type_display": "Text",
     *       "content": "Thank you! The door code is on the order.",
     *       "file": null,
     *       "file_path": null,
     *       "file_name": null,
     *       "file_size": null,
     *       "file_type": null,
     *       "image": null,
     *       "status": "read",
     *       "status_display": "Read",
     *       "is_edited": false,
     *       "edited_at": null,
     *       "is_deleted": false,
     *       "deleted_at": null,
     *       "reply_to": {
     *         "id": "019aac40-11a2-7e9b-8c1d-52b3f7a90e64",
     *         "seq": 8,
     *         "sender_name": "Ravi Menon (Rider)",
     *         "excerpt": "I have your order, ten minutes.",
     *         "is_deleted": false
     *       },
     *       "reply_count": 0,
     *       "metadata": null,
     *       "timestamp": "2026-11-22T17:30:48.912Z",
     *       "delivered_at": "2026-11-22T17:30:49.230Z",
     *       "read_at": "2026-11-22T17:31:02.006Z",
     *       "receipts": [
     *         {
     *           "participant": "019aac3e-6c10-70f3-b7aa-0d92e41f5c88",
     *           "name": "Ravi Menon (Rider)",
     *           "delivered_at": "2026-11-22T17:30:49.230Z",
     *           "read_at": "2026-11-22T17:31:02.006Z"
     *         }
     *       ],
     *       "is_system_message": false,
     *       "is_media_message": false,
     *       "can_be_edited": true,
     *       "can_be_deleted": true,
     *       "client_message_id": "5f0c1a9e"
     *     }
     */
    MessageView: {
      /** Format: uuid */
      id: string;
      /** Format: uuid */
      room: string;
      /** Format: int64 */
      seq: number;
      /** Format: int64 */
      version: number;
      /**
       * Format: uuid
       * @description A participant's id; null for the system.
       */
      sender: string | null;
      sender_name: string;
      /** @description A role, or `system`. */
      sender_role: string;
      message_type: string;
      message_type_display: string;
      /** @description Never null; empty when deleted. */
      content: string;
      file: components['schemas']['FileView'] | null;
      /** @description Where it is downloaded, with the bearer; null as `file`. */
      file_path: string | null;
      file_name: string | null;
      /**
       * Format: int64
       * @description Bytes.
       */
      file_size: number | null;
      /** @description Media type, as the content says. */
      file_type: string | null;
      image: components['schemas']['ImageView'] | null;
      /** @description `sent`, `delivered`, `read`, or `failed` when its file was rejected. */
      status: string;
      status_display: string;
      is_edited: boolean;
      /** Format: date-time */
      edited_at: string | null;
      is_deleted: boolean;
      /** Format: date-time */
      deleted_at: string | null;
      reply_to: components['schemas']['Quote'] | null;
      /** Format: int64 */
      reply_count: number;
      metadata: {
        [key: string]: unknown;
      } | null;
      /** Format: date-time */
      timestamp: string;
      /** Format: date-time */
      delivered_at: string | null;
      /** Format: date-time */
      read_at: string | null;
      /** @description Filled in the answer to `GET /messages/{id}/` for its sender and staff; else null. */
      receipts: components['schemas']['ReceiptView'][] | null;
      is_system_message: boolean;
      is_media_message: boolean;
      /** @description Null in events. */
      can_be_edited: boolean | null;
      /** @description Null in events. */
      can_be_deleted: boolean | null;
      /** @description The caller's own key; null for others' messages. */
      client_message_id: string | null;
    };
    /** @description Something the sender is told about what became of their message. */
    Notice: {
      /** @description `card_masked` */
      code: string;
      detail: string;
    };
    /** @description Somebody in an order. `id` and `email` are null for customers and riders, except their own. */
    OrderPerson: {
      id: string | null;
      name: string;
      email: string | null;
    };
    OrderPharmacy: {
      id: string;
      name: string;
      staff: components['schemas']['OrderPerson'][];
    };
    /**
     * @description The order object of SPEC 11.
     * @example {
     *       "id": "order-10482",
     *       "number": "10482",
     *       "status": "picked_up",
     *       "delivery_status": "delivering",
     *       "customer": {
     *         "id": "customer-aisha",
     *         "name": "Aisha Rahman",
     *         "email": "aisha@example.com"
     *       },
     *       "pharmacy": {
     *         "id": "ph-marigold",
     *         "name": "Marigold Lane Pharmacy",
     *         "staff": [
     *           {
     *             "id": "staff-mei",
     *             "name": "Mei Tanaka",
     *             "email": null
     *           }
     *         ]
     *       },
     *       "rider": {
     *         "id": "rider-ravi",
     *         "name": "Ravi Menon",
     *         "email": null
     *       },
     *       "eta": "2026-11-22T17:45:00.000Z",
     *       "language": "en",
     *       "is_active": true,
     *       "metadata": null,
     *       "sequence": 7,
     *       "version": 6,
     *       "created_at": "2026-11-22T17:01:55.101Z",
     *       "updated_at": "2026-11-22T17:28:30.774Z"
     *     }
     */
    OrderView: {
      id: string;
      number: string;
      status: string;
      delivery_status: string | null;
      customer: components['schemas']['OrderPerson'];
      pharmacy: components['schemas']['OrderPharmacy'];
      rider: components['schemas']['OrderPerson'] | null;
      /** Format: date-time */
      eta: string | null;
      language: string | null;
      is_active: boolean;
      /** @description The shop's own; null for customers and riders, who could read of each other in it. */
      metadata: {
        [key: string]: unknown;
      } | null;
      /** Format: int64 */
      sequence: number | null;
      /** Format: int64 */
      version: number;
      /** Format: date-time */
      created_at: string;
      /** Format: date-time */
      updated_at: string;
    };
    /**
     * @description The participant object of SPEC 11.
     * @example {
     *       "id": "019aac3e-5b20-7a11-8e02-64d1c7f09a35",
     *       "room": "019aac3e-5b1f-7d20-9c41-3f0e8a6d2b17",
     *       "user": "customer-aisha",
     *       "user_email": "aisha@example.com",
     *       "user_full_name": "Aisha Rahman",
     *       "user_role": "customer",
     *       "role": "customer",
     *       "role_display": "Customer",
     *       "is_active": true,
     *       "ended": null,
     *       "is_muted": false,
     *       "muted_until": null,
     *       "is_blocked": false,
     *       "joined_at": "2026-11-22T17:02:11.480Z",
     *       "left_at": null,
     *       "last_seen": "2026-11-22T17:31:02.006Z",
     *       "is_online": true,
     *       "notification_preferences": {
     *         "messages": true,
     *         "order_updates": true,
     *         "receipts": true,
     *         "sound": true,
     *         "mute_until": null
     *       },
     *       "can_send_messages": true,
     *       "can_receive_messages": true,
     *       "delivered_seq": 9,
     *       "read_seq": 9,
     *       "version": 2
     *     }
     */
    ParticipantView: {
      /** Format: uuid */
      id: string;
      /** Format: uuid */
      room: string;
      /** @description The shop's user id; null for customers and riders except on themselves. */
      user: string | null;
      user_email: string | null;
      user_full_name: string;
      /** @description The user's own role in the shop. */
      user_role: string;
      /** @description What the user is in this room: their own role or a lower one. */
      role: string;
      role_display: string;
      is_active: boolean;
      /** @description `left`, `removed`, `handed_over`, `blocked` or null. */
      ended: string | null;
      is_muted: boolean;
      /** Format: date-time */
      muted_until: string | null;
      is_blocked: boolean;
      /** Format: date-time */
      joined_at: string;
      /** Format: date-time */
      left_at: string | null;
      /**
       * Format: date-time
       * @description Null where the policy hides presence.
       */
      last_seen: string | null;
      /** @description Null where the policy hides presence, and in events. */
      is_online: boolean | null;
      /** @description Null on everybody but oneself. */
      notification_preferences: {
        [key: string]: unknown;
      } | null;
      /** @description Null in events. */
      can_send_messages: boolean | null;
      /** @description Null in events. */
      can_receive_messages: boolean | null;
      /** Format: int64 */
      delivered_seq: number;
      /** Format: int64 */
      read_seq: number;
      /** Format: int64 */
      version: number;
    };
    /** @description A problem on the wire (RFC 9457, `application/problem+json`). */
    Problem: {
      /**
       * @description What kind of problem it is: a stable name to match on.
       * @example urn:orderchat:problem:room-full
       */
      type: string;
      /** @description The kind in words; the same for every problem of this type. */
      title: string;
      /**
       * Format: int32
       * @description The answer's status.
       */
      status: number;
      /** @description What was wrong this time, and what to do. */
      detail: string;
      /** @description The fields that were wrong; empty when it is not about fields. */
      errors: components['schemas']['ProblemError'][];
    };
    /** @description What is wrong with one field. */
    ProblemError: {
      /** @description A JSON pointer (RFC 6901) into the body, or the name of a query parameter or header. */
      pointer: string;
      detail: string;
    };
    /** @description `reply_to` of a message, `last_message` of a room. */
    Quote: {
      /** Format: uuid */
      id: string;
      /** Format: int64 */
      seq: number;
      sender_name: string;
      /** @description At most 100 characters; empty when deleted. */
      excerpt: string;
      is_deleted: boolean;
    };
    /** @description How far one participant is with a message. */
    ReceiptView: {
      /** Format: uuid */
      participant: string;
      name: string;
      /** Format: date-time */
      delivered_at: string | null;
      /** Format: date-time */
      read_at: string | null;
    };
    /** @description What the client calls its command: the answer has the same. */
    Ref: string;
    /** @description Where the client was. */
    Resume: {
      /** @description Of the `welcome` that the seqs are of. */
      epoch: string;
      /** @description The last seq of each room that the client has. */
      rooms: {
        [key: string]: unknown;
      };
    };
    /**
     * @description Why a cursor cannot be served.
     * @enum {string}
     */
    ResyncReason: 'epoch' | 'future' | 'gone' | 'too_old';
    /**
     * @description The room object of SPEC 11.
     * @example {
     *       "id": "019aac3e-5b1f-7d20-9c41-3f0e8a6d2b17",
     *       "room_id": "CHAT-7K3M-9QXD",
     *       "order": "order-10482",
     *       "order_number": "10482",
     *       "order_status": "picked_up",
     *       "delivery_status": "delivering",
     *       "title": null,
     *       "room_title": "Order #10482 Chat",
     *       "description": null,
     *       "status": "open",
     *       "is_public": false,
     *       "max_participants": 10,
     *       "participant_count": 3,
     *       "message_count": 5,
     *       "unread_count": 0,
     *       "last_message": {
     *         "id": "019aac41-90d4-7c3e-a5b8-17f2e6c40d93",
     *         "seq": 9,
     *         "sender_name": "Aisha Rahman",
     *         "excerpt": "Thank you! The door code is on the order.",
     *         "is_deleted": false
     *       },
     *       "last_message_preview": "Thank you! The door code is on the order.",
     *       "is_active": true,
     *       "language": "en",
     *       "created_at": "2026-11-22T17:02:11.480Z",
     *       "closed_at": null,
     *       "closed_by": null,
     *       "close_reason": null,
     *       "archived_at": null,
     *       "last_activity": "2026-11-22T17:30:48.912Z",
     *       "seq": 9,
     *       "version": 1,
     *       "my_participant": {
     *         "id": "019aac3e-5b20-7a11-8e02-64d1c7f09a35",
     *         "room": "019aac3e-5b1f-7d20-9c41-3f0e8a6d2b17",
     *         "user": "customer-aisha",
     *         "user_email": "aisha@example.com",
     *         "user_full_name": "Aisha Rahman",
     *         "user_role": "customer",
     *         "role": "customer",
     *         "role_display": "Customer",
     *         "is_active": true,
     *         "ended": null,
     *         "is_muted": false,
     *         "muted_until": null,
     *         "is_blocked": false,
     *         "joined_at": "2026-11-22T17:02:11.480Z",
     *         "left_at": null,
     *         "last_seen": "2026-11-22T17:31:02.006Z",
     *         "is_online": true,
     *         "notification_preferences": {
     *           "messages": true,
     *           "order_updates": true,
     *           "receipts": true,
     *           "sound": true,
     *           "mute_until": null
     *         },
     *         "can_send_messages": true,
     *         "can_receive_messages": true,
     *         "delivered_seq": 9,
     *         "read_seq": 9,
     *         "version": 2
     *       }
     *     }
     */
    RoomView: {
      /** Format: uuid */
      id: string;
      /** @description The short human code, e.g. `CHAT-7K3M-9QXD`. */
      room_id: string;
      order: string | null;
      order_number: string | null;
      order_status: string | null;
      delivery_status: string | null;
      title: string | null;
      room_title: string;
      description: string | null;
      /** @description `open`, `closed` or `archived`. */
      status: string;
      is_public: boolean | null;
      /** Format: int32 */
      max_participants: number | null;
      /** Format: int32 */
      participant_count: number;
      /**
       * Format: int64
       * @description Null in events.
       */
      message_count: number | null;
      /**
       * Format: int64
       * @description Null for who is not in the room, and in events.
       */
      unread_count: number | null;
      last_message: components['schemas']['Quote'] | null;
      /** @description Null where `last_message` is, and of a deleted message. */
      last_message_preview: string | null;
      is_active: boolean | null;
      language: string | null;
      /** Format: date-time */
      created_at: string | null;
      /** Format: date-time */
      closed_at: string | null;
      closed_by: components['schemas']['ClosedBy'] | null;
      close_reason: string | null;
      /** Format: date-time */
      archived_at: string | null;
      /** Format: date-time */
      last_activity: string | null;
      /** Format: int64 */
      seq: number | null;
      /** Format: int64 */
      version: number | null;
      my_participant: components['schemas']['ParticipantView'] | null;
    };
    /**
     * @description An uploaded file, as its uploader is told of it.
     * @example {
     *       "id": "019aac41-7d3e-7b52-8f0a-2c9d4e6b8a13",
     *       "file": {
     *         "attachment": "019aac41-7d3e-7b52-8f0a-2c9d4e6b8a13",
     *         "pending": false
     *       },
     *       "file_path": "/api/chat/attachments/019aac41-7d3e-7b52-8f0a-2c9d4e6b8a13/",
     *       "file_name": "IMG_1.jpg",
     *       "file_size": 184320,
     *       "file_type": "image/jpeg",
     *       "image": {
     *         "width": 1536,
     *         "height": 2048,
     *         "thumbhash": "3OcRJYB4d3h/iIeHeEh3eIhw+j2w",
     *         "thumbnail_path": "/api/chat/attachments/019aac41-7d3e-7b52-8f0a-2c9d4e6b8a13/thumbnail/"
     *       },
     *       "expires_at": "2026-11-23T10:15:30.000Z"
     *     }
     */
    AttachmentView: {
      /**
       * Format: uuid
       * @description To be named in a message as `attachment`.
       */
      id: string;
      file: components['schemas']['FileView'];
      file_path: string;
      file_name: string;
      /**
       * Format: int64
       * @description Bytes.
       */
      file_size: number;
      /** @description Media type, as the content says. */
      file_type: string;
      image: components['schemas']['ImageView'] | null;
      /**
       * Format: date-time
       * @description When it goes, unless a message has it by then; null for a proof of delivery.
       */
      expires_at: string | null;
    };
    /** @description An entry of the audit. */
    AuditView: {
      /**
       * Format: int64
       * @description Its number; they grow, with gaps
       * @example 17
       */
      id: number;
      /** Format: date-time */
      at: string;
      /** @description The user's id in the shop; null for the server itself */
      actor: string | null;
      /** @description In which role they did it; empty for the server */
      actor_role: string;
      /**
       * @description `room.read`, `room.deleted`, `participant.blocked`, `user.revoked`, `message.reported`,
       *     `database.restored`, `attempt.forbidden`, `attempt.probing`, `attempt.revoked_token`, …
       * @example room.read
       */
      action: string;
      /**
       * Format: uuid
       * @description The room's id
       */
      room: string | null;
      /** @description To what it was done: an id, or the route of an attempt */
      target: string | null;
      /** @description The reason that was given; empty for none */
      detail: string;
      /** @description The `X-Request-Id` of the answer */
      request_id: string | null;
      ip: string | null;
      user_agent: string | null;
    };
    /**
     * @description A CloudEvent 1.0 in the JSON format. `data` by `type`: `order.created`, `order.updated` the whole
     *     order; `order.status_changed` `{status, reason?}`; `order.cancelled` `{reason?}`;
     *     `delivery.assigned`, `delivery.reassigned` `{rider}`; `delivery.status_changed`
     *     `{delivery_status}`; `delivery.eta_changed` `{eta}`; `delivery.proof_added` `{kind, attachment?,
     *     lat?, lon?, taken_at?, note?}`; each with `sequence?`. Other types stand on the timeline.
     * @example {
     *       "specversion": "1.0",
     *       "id": "e-1042-7",
     *       "source": "https://shop.example/orders",
     *       "type": "order.status_changed",
     *       "subject": "order-1042",
     *       "data": {
     *         "status": "preparing",
     *         "sequence": 7
     *       }
     *     }
     */
    CloudEvent: {
      specversion: string;
      /** @description With `source` it names the event: a repeat changes nothing */
      id: string;
      source: string;
      type: string;
      /** @description The order's id */
      subject: string;
      time?: string | null;
      datacontenttype?: string | null;
      data?: {
        [key: string]: unknown;
      } | null;
    };
    /** @description How much was said on a day. */
    DayActivity: {
      /** Format: date */
      date: string;
      /** Format: int64 */
      count: number;
    };
    /**
     * @description The new text of a message.
     * @example {
     *       "content": "I am at the back door."
     *     }
     */
    Edit: {
      content: string;
    };
    /**
     * @description One entry of the room log, as a client sees it.
     * @example {
     *       "room": "019aac3e-5b1f-7d20-9c41-3f0e8a6d2b17",
     *       "seq": 9,
     *       "kind": "message.created",
     *       "at": "2026-11-22T17:30:48.912Z",
     *       "actor": {
     *         "participant": "019aac3e-5b20-7a11-8e02-64d1c7f09a35",
     *         "name": "Aisha Rahman",
     *         "role": "customer"
     *       },
     *       "data": {
     *         "message": {
     *           "id": "019aac41-90d4-7c3e-a5b8-17f2e6c40d93",
     *           "room": "019aac3e-5b1f-7d20-9c41-3f0e8a6d2b17",
     *           "seq": 9,
     *           "version": 9,
     *           "sender": "019aac3e-5b20-7a11-8e02-64d1c7f09a35",
     *           "sender_name": "Aisha Rahman",
     *           "sender_role": "customer",
     *           "message_type": "text",
     *           "message_type_display": "Text",
     *           "content": "Thank you! The door code is on the order.",
     *           "file": null,
     *           "file_path": null,
     *           "file_name": null,
     *           "file_size": null,
     *           "file_type": null,
     *           "image": null,
     *           "status": "read",
     *           "status_display": "Read",
     *           "is_edited": false,
     *           "edited_at": null,
     *           "is_deleted": false,
     *           "deleted_at": null,
     *           "reply_to": {
     *             "id": "019aac40-11a2-7e9b-8c1d-52b3f7a90e64",
     *             "seq": 8,
     *             "sender_name": "Ravi Menon (Rider)",
     *             "excerpt": "I have your order, ten minutes.",
     *             "is_deleted": false
     *           },
     *           "reply_count": 0,
     *           "metadata": null,
     *           "timestamp": "2026-11-22T17:30:48.912Z",
     *           "delivered_at": "2026-11-22T17:30:49.230Z",
     *           "read_at": "2026-11-22T17:31:02.006Z",
     *           "receipts": null,
     *           "is_system_message": false,
     *           "is_media_message": false,
     *           "can_be_edited": null,
     *           "can_be_deleted": null,
     *           "client_message_id": null
     *         }
     *       }
     *     }
     */
    EventView: {
      /** Format: uuid */
      room: string;
      /** Format: int64 */
      seq: number;
      /** @description `message.created`, `participant.joined`, … or `hidden` for what the viewer may not know. */
      kind: string;
      /** Format: date-time */
      at: string;
      actor: components['schemas']['ActorView'] | null;
      data: components['schemas']['EventData'] | null;
    };
    /**
     * @description A link to a file.
     * @example {
     *       "url": "/api/chat/attachments/019aac41-7d3e-7b52-8f0a-2c9d4e6b8a13/?link=c2VhbGVk",
     *       "expires_at": "2026-11-22T10:20:30.000Z"
     *     }
     */
    Link: {
      /** @description Path and query; needs no bearer. With `thumbnail/` before the query it is the thumbnail's. */
      url: string;
      /** Format: date-time */
      expires_at: string;
    };
    /**
     * @description The caller's profile and unread totals.
     * @example {
     *       "id": "customer-aisha",
     *       "name": "Aisha Rahman",
     *       "email": "aisha@example.com",
     *       "role": "customer",
     *       "role_display": "Customer",
     *       "pharmacy": [],
     *       "language": "en",
     *       "room": null,
     *       "unread_count": 2,
     *       "unread_rooms": 1,
     *       "notification_preferences": {
     *         "messages": true,
     *         "order_updates": true,
     *         "receipts": true,
     *         "sound": true,
     *         "mute_until": null
     *       }
     *     }
     */
    MeView: {
      /** @description The caller's id in the shop */
      id: string;
      name: string | null;
      email: string | null;
      /** @description The token's role */
      role: string;
      role_display: string;
      /** @description The pharmacies of the token */
      pharmacy: string[];
      language: string | null;
      /** @description The only room that the token is good for */
      room: string | null;
      /**
       * Format: int64
       * @description Unread messages in all rooms
       */
      unread_count: number;
      /**
       * Format: int64
       * @description Rooms with unread messages
       */
      unread_rooms: number;
      /** @description What a room's own preferences start from */
      notification_preferences: {
        [key: string]: unknown;
      };
    };
    /**
     * @description Why and for how long somebody is muted.
     * @example {
     *       "reason": "insults",
     *       "duration": 3600
     *     }
     */
    MuteRequest: {
      reason?: string | null;
      /**
       * Format: int64
       * @description Whole seconds, 1 to 31,536,000; until lifted if not given
       */
      duration?: number | null;
    };
    /**
     * @description What is changed about oneself; what is left out stays.
     * @example {
     *       "language": "de",
     *       "notification_preferences": {
     *         "sound": false
     *       }
     *     }
     */
    MyPatch: {
      /** @description A language tag like de or en-GB */
      language?: string | null;
      /** @description Keys given replace, null removes */
      notification_preferences?: {
        [key: string]: unknown;
      } | null;
    };
    /** @description A file. */
    NewAttachment: {
      /**
       * Format: binary
       * @description Its bytes, with a name. JPEG, PNG, WebP, GIF, PDF, plain text, MP4, M4A, OGG or WebM.
       */
      file: string;
      /** @description `proof` for a photo that proves the delivery: the order's rider and the service */
      purpose?: string | null;
    };
    /** @description A message with a file, of which texts that stand before the file are known when it comes. */
    NewFileMessage: {
      /**
       * Format: binary
       * @description Its bytes, with a name. JPEG, PNG, WebP, GIF, PDF, plain text, MP4, M4A, OGG or WebM.
       */
      file: string;
      /** @description The caption */
      content?: string | null;
      /** @description `image` or `file`; the content decides, and a wrong one is refused */
      message_type?: string | null;
      /** @description The id of a message of the same room */
      reply_to?: string | null;
      /** @description A JSON object, at most 4 KiB */
      metadata?: string | null;
      /** @description Makes the send repeatable: the same key gives the same message, for ever */
      client_message_id?: string | null;
    };
    /**
     * @description A message to be sent.
     * @example {
     *       "content": "I am at the door.",
     *       "client_message_id": "5f0c1a9e"
     *     }
     */
    NewMessage: {
      /** @description 1 to 8,000 characters after trimming; with an attachment it may be left out */
      content?: string;
      /** @description `text`, or `image` or `file` as the attachment is; the service: `system`, `order_update` or `delivery_update` */
      message_type?: string | null;
      /** @description The id of a message of the same room */
      reply_to?: string | null;
      /** @description The id of a file uploaded to this room */
      attachment?: string | null;
      /** @description At most 4 KiB */
      metadata?: {
        [key: string]: unknown;
      } | null;
      /** @description Makes the send repeatable: the same key gives the same message, for ever */
      client_message_id?: string | null;
    };
    /**
     * @description Somebody to be brought in.
     * @example {
     *       "user": "rider-ravi",
     *       "role": "rider"
     *     }
     */
    NewParticipant: {
      /** @description The user's id in the shop; known from a token, an order or `PUT /api/users/{id}/` */
      user: string;
      /** @description Their own role or a lower one; their own if not given */
      role?: string | null;
    };
    /**
     * @description What is wrong with a message.
     * @example {
     *       "reason": "abuse",
     *       "note": "I was insulted."
     *     }
     */
    NewReport: {
      /** @description `abuse`, `spam`, `privacy` or `other` */
      reason: string;
      /** @description For those who moderate, at most 1,000 characters */
      note?: string | null;
    };
    /**
     * @description A room to be created.
     * @example {
     *       "order": "order-10482",
     *       "title": "Antibiotics for Aisha",
     *       "participants": [
     *         {
     *           "user": "rider-ravi"
     *         }
     *       ]
     *     }
     */
    NewRoom: {
      /** @description The order's id */
      order: string;
      title?: string | null;
      /** @description Needs a title */
      description?: string | null;
      is_public?: boolean | null;
      /**
       * Format: int64
       * @description 2 to 50; 10 if not given
       */
      max_participants?: number | null;
      /** @description Who is brought in beside the order's people: all of them or the room is not created */
      participants?: components['schemas']['NewParticipant'][];
    };
    /**
     * @description A user as the shop knows them.
     * @example {
     *       "name": "Mei Tanaka",
     *       "role": "pharmacy",
     *       "pharmacy": "ph-marigold"
     *     }
     */
    NewUser: {
      name: string;
      /** @description customer, rider, pharmacy, support or admin */
      role: string;
      email?: string | null;
      pharmacy?: components['schemas']['Pharmacies'] | null;
      language?: string | null;
    };
    /**
     * @description An action that takes nothing.
     * @example {}
     */
    Nothing: Record<string, never>;
    /**
     * @description The whole order as the shop reports it. What is left out stays; on a new order it is null.
     * @example {
     *       "number": "10482",
     *       "status": "accepted",
     *       "delivery_status": "assigned",
     *       "customer": {
     *         "id": "customer-aisha",
     *         "name": "Aisha Rahman",
     *         "email": "aisha@example.com"
     *       },
     *       "pharmacy": {
     *         "id": "ph-marigold",
     *         "name": "Marigold Lane Pharmacy",
     *         "staff": [
     *           {
     *             "id": "staff-mei",
     *             "name": "Mei Tanaka"
     *           }
     *         ]
     *       },
     *       "rider": {
     *         "id": "rider-ravi",
     *         "name": "Ravi Menon"
     *       },
     *       "eta": "2026-11-22T18:30:00Z",
     *       "language": "en",
     *       "sequence": 3
     *     }
     */
    OrderReport: {
      /** @default null */
      number: string | null;
      /** @default null */
      status: string | null;
      /** @default null */
      delivery_status: string | null;
      /** @default null */
      customer: components['schemas']['ReportedPerson'] | null;
      /** @default null */
      pharmacy: components['schemas']['ReportedPharmacy'] | null;
      /** @default null */
      rider: components['schemas']['ReportedPerson'] | null;
      /**
       * Format: date-time
       * @default null
       */
      eta: string | null;
      /** @default null */
      language: string | null;
      /** @description The shop's own, at most 64 KiB; for staff only */
      metadata?: {
        [key: string]: unknown;
      } | null;
      /**
       * Format: int64
       * @description Grows with every report: an older one changes only what no newer one has set
       * @default null
       */
      sequence: number | null;
    };
    /** @description One page of a list. */
    Page_AuditView: {
      results: components['schemas']['AuditView'][];
      /** @description Path of the page after this one; null when there is none */
      next: string | null;
      /** @description Path of the page before this one; null when there is none */
      previous: string | null;
    };
    /**
     * @description One page of a list.
     * @example {
     *       "results": [
     *         {
     *           "room": "019aac3e-5b1f-7d20-9c41-3f0e8a6d2b17",
     *           "seq": 9,
     *           "kind": "message.created",
     *           "at": "2026-11-22T17:30:48.912Z",
     *           "actor": {
     *             "participant": "019aac3e-5b20-7a11-8e02-64d1c7f09a35",
     *             "name": "Aisha Rahman",
     *             "role": "customer"
     *           },
     *           "data": {
     *             "message": {
     *               "id": "019aac41-90d4-7c3e-a5b8-17f2e6c40d93",
     *               "room": "019aac3e-5b1f-7d20-9c41-3f0e8a6d2b17",
     *               "seq": 9,
     *               "version": 9,
     *               "sender": "019aac3e-5b20-7a11-8e02-64d1c7f09a35",
     *               "sender_name": "Aisha Rahman",
     *               "sender_role": "customer",
     *               "message_type": "text",
     *               "message_type_display": "Text",
     *               "content": "Thank you! The door code is on the order.",
     *               "file": null,
     *               "file_path": null,
     *               "file_name": null,
     *               "file_size": null,
     *               "file_type": null,
     *               "image": null,
     *               "status": "read",
     *               "status_display": "Read",
     *               "is_edited": false,
     *               "edited_at": null,
     *               "is_deleted": false,
     *               "deleted_at": null,
     *               "reply_to": {
     *                 "id": "019aac40-11a2-7e9b-8c1d-52b3f7a90e64",
     *                 "seq": 8,
     *                 "sender_name": "Ravi Menon (Rider)",
     *                 "excerpt": "I have your order, ten minutes.",
     *                 "is_deleted": false
     *               },
     *               "reply_count": 0,
     *               "metadata": null,
     *               "timestamp": "2026-11-22T17:30:48.912Z",
     *               "delivered_at": "2026-11-22T17:30:49.230Z",
     *               "read_at": "2026-11-22T17:31:02.006Z",
     *               "receipts": null,
     *               "is_system_message": false,
     *               "is_media_message": false,
     *               "can_be_edited": null,
     *               "can_be_deleted": null,
     *               "client_message_id": null
     *             }
     *           }
     *         }
     *       ],
     *       "next": null,
     *       "previous": null
     *     }
     */
    Page_EventView: {
      results: components['schemas']['EventView'][];
      /** @description Path of the page after this one; null when there is none */
      next: string | null;
      /** @description Path of the page before this one; null when there is none */
      previous: string | null;
    };
    /**
     * @description One page of a list.
     * @example {
     *       "results": [
     *         {
     *           "id": "019aac41-90d4-7c3e-a5b8-17f2e6c40d93",
     *           "room": "019aac3e-5b1f-7d20-9c41-3f0e8a6d2b17",
     *           "seq": 9,
     *           "version": 9,
     *           "sender": "019aac3e-5b20-7a11-8e02-64d1c7f09a35",
     *           "sender_name": "Aisha Rahman",
     *           "sender_role": "customer",
     *           "message_type": "text",
     *           "message_type_display": "Text",
     *           "content": "Thank you! The door code is on the order.",
     *           "file": null,
     *           "file_path": null,
     *           "file_name": null,
     *           "file_size": null,
     *           "file_type": null,
     *           "image": null,
     *           "status": "read",
     *           "status_display": "Read",
     *           "is_edited": false,
     *           "edited_at": null,
     *           "is_deleted": false,
     *           "deleted_at": null,
     *           "reply_to": {
     *             "id": "019aac40-11a2-7e9b-8c1d-52b3f7a90e64",
     *             "seq": 8,
     *             "sender_name": "Ravi Menon (Rider)",
     *             "excerpt": "I have your order, ten minutes.",
     *             "is_deleted": false
     *           },
     *           "reply_count": 0,
     *           "metadata": null,
     *           "timestamp": "2026-11-22T17:30:48.912Z",
     *           "delivered_at": "2026-11-22T17:30:49.230Z",
     *           "read_at": "2026-11-22T17:31:02.006Z",
     *           "receipts": [
     *             {
     *               "participant": "019aac3e-6c10-70f3-b7aa-0d92e41f5c88",
     *               "name": "Ravi Menon (Rider)",
     *               "delivered_at": "2026-11-22T17:30:49.230Z",
     *               "read_at": "2026-11-22T17:31:02.006Z"
     *             }
     *           ],
     *           "is_system_message": false,
     *           "is_media_message": false,
     *           "can_be_edited": true,
     *           "can_be_deleted": true,
     *           "client_message_id": "5f0c1a9e"
     *         }
     *       ],
     *       "next": null,
     *       "previous": null
     *     }
     */
    Page_MessageView: {
      results: components['schemas']['MessageView'][];
      /** @description Path of the page after this one; null when there is none */
      next: string | null;
      /** @description Path of the page before this one; null when there is none */
      previous: string | null;
    };
    /**
     * @description One page of a list.
     * @example {
     *       "results": [
     *         {
     *           "id": "019aac3e-5b20-7a11-8e02-64d1c7f09a35",
     *           "room": "019aac3e-5b1f-7d20-9c41-3f0e8a6d2b17",
     *           "user": "customer-aisha",
     *           "user_email": "aisha@example.com",
     *           "user_full_name": "Aisha Rahman",
     *           "user_role": "customer",
     *           "role": "customer",
     *           "role_display": "Customer",
     *           "is_active": true,
     *           "ended": null,
     *           "is_muted": false,
     *           "muted_until": null,
     *           "is_blocked": false,
     *           "joined_at": "2026-11-22T17:02:11.480Z",
     *           "left_at": null,
     *           "last_seen": "2026-11-22T17:31:02.006Z",
     *           "is_online": true,
     *           "notification_preferences": {
     *             "messages": true,
     *             "order_updates": true,
     *             "receipts": true,
     *             "sound": true,
     *             "mute_until": null
     *           },
     *           "can_send_messages": true,
     *           "can_receive_messages": true,
     *           "delivered_seq": 9,
     *           "read_seq": 9,
     *           "version": 2
     *         }
     *       ],
     *       "next": null,
     *       "previous": null
     *     }
     */
    Page_ParticipantView: {
      results: components['schemas']['ParticipantView'][];
      /** @description Path of the page after this one; null when there is none */
      next: string | null;
      /** @description Path of the page before this one; null when there is none */
      previous: string | null;
    };
    /**
     * @description One page of a list.
     * @example {
     *       "results": [
     *         {
     *           "version": 9,
     *           "kind": "created",
     *           "at": "2026-11-22T17:30:48.912Z",
     *           "by": {
     *             "participant": "019aac3e-5b20-7a11-8e02-64d1c7f09a35",
     *             "name": "Aisha Rahman",
     *             "role": "customer"
     *           },
     *           "content": "Thank you! The door code is on the order.",
     *           "metadata": null,
     *           "reason": null
     *         }
     *       ],
     *       "next": null,
     *       "previous": null
     *     }
     */
    Page_RevisionView: {
      results: components['schemas']['RevisionView'][];
      /** @description Path of the page after this one; null when there is none */
      next: string | null;
      /** @description Path of the page before this one; null when there is none */
      previous: string | null;
    };
    /**
     * @description One page of a list.
     * @example {
     *       "results": [
     *         {
     *           "id": "019aac3e-5b1f-7d20-9c41-3f0e8a6d2b17",
     *           "room_id": "CHAT-7K3M-9QXD",
     *           "order": "order-10482",
     *           "order_number": "10482",
     *           "order_status": "picked_up",
     *           "delivery_status": "delivering",
     *           "title": null,
     *           "room_title": "Order #10482 Chat",
     *           "description": null,
     *           "status": "open",
     *           "is_public": false,
     *           "max_participants": 10,
     *           "participant_count": 3,
     *           "message_count": 5,
     *           "unread_count": 0,
     *           "last_message": {
     *             "id": "019aac41-90d4-7c3e-a5b8-17f2e6c40d93",
     *             "seq": 9,
     *             "sender_name": "Aisha Rahman",
     *             "excerpt": "Thank you! The door code is on the order.",
     *             "is_deleted": false
     *           },
     *           "last_message_preview": "Thank you! The door code is on the order.",
     *           "is_active": true,
     *           "language": "en",
     *           "created_at": "2026-11-22T17:02:11.480Z",
     *           "closed_at": null,
     *           "closed_by": null,
     *           "close_reason": null,
     *           "archived_at": null,
     *           "last_activity": "2026-11-22T17:30:48.912Z",
     *           "seq": 9,
     *           "version": 1,
     *           "my_participant": {
     *             "id": "019aac3e-5b20-7a11-8e02-64d1c7f09a35",
     *             "room": "019aac3e-5b1f-7d20-9c41-3f0e8a6d2b17",
     *             "user": "customer-aisha",
     *             "user_email": "aisha@example.com",
     *             "user_full_name": "Aisha Rahman",
     *             "user_role": "customer",
     *             "role": "customer",
     *             "role_display": "Customer",
     *             "is_active": true,
     *             "ended": null,
     *             "is_muted": false,
     *             "muted_until": null,
     *             "is_blocked": false,
     *             "joined_at": "2026-11-22T17:02:11.480Z",
     *             "left_at": null,
     *             "last_seen": "2026-11-22T17:31:02.006Z",
     *             "is_online": true,
     *             "notification_preferences": {
     *               "messages": true,
     *               "order_updates": true,
     *               "receipts": true,
     *               "sound": true,
     *               "mute_until": null
     *             },
     *             "can_send_messages": true,
     *             "can_receive_messages": true,
     *             "delivered_seq": 9,
     *             "read_seq": 9,
     *             "version": 2
     *           }
     *         }
     *       ],
     *       "next": null,
     *       "previous": null
     *     }
     */
    Page_RoomView: {
      results: components['schemas']['RoomView'][];
      /** @description Path of the page after this one; null when there is none */
      next: string | null;
      /** @description Path of the page before this one; null when there is none */
      previous: string | null;
    };
    /** @description One page of a list. */
    Page_String: {
      results: string[];
      /** @description Path of the page after this one; null when there is none */
      next: string | null;
      /** @description Path of the page before this one; null when there is none */
      previous: string | null;
    };
    /**
     * @description One page of a list.
     * @example {
     *       "results": [
     *         {
     *           "kind": "order.reported",
     *           "at": "2026-11-22T20:00:00.000Z",
     *           "seq": null,
     *           "actor": null,
     *           "told": {
     *             "status": "accepted",
     *             "delivery_status": "assigned",
     *             "rider": "Ravi Menon",
     *             "eta": "2026-11-22T21:00:00.000Z",
     *             "proof": null,
     *             "reason": null,
     *             "sequence": 4,
     *             "source": null,
     *             "event_id": null,
     *             "body": {
     *               "number": "1042",
     *               "status": "accepted"
     *             }
     *           },
     *           "data": null
     *         }
     *       ],
     *       "next": null,
     *       "previous": null
     *     }
     */
    Page_TimelineView: {
      results: components['schemas']['TimelineView'][];
      /** @description Path of the page after this one; null when there is none */
      next: string | null;
      /** @description Path of the page before this one; null when there is none */
      previous: string | null;
    };
    /**
     * @description What is changed about a participant; what is left out stays.
     * @example {
     *       "notification_preferences": {
     *         "sound": false
     *       }
     *     }
     */
    ParticipantPatch: {
      /** @description Staff change it: the user's own role or a lower one */
      role?: string | null;
      /** @description Only the participant changes their own: keys given replace, null removes */
      notification_preferences?: {
        [key: string]: unknown;
      } | null;
    };
    /** @description One pharmacy or several. */
    Pharmacies: string | string[];
    /** @description A proof of delivery. Where it was, and what the shop noted, is for staff. */
    Proof: {
      kind: string | null;
      attachment: string | null;
      taken_at: string | null;
      /** Format: double */
      lat: number | null;
      /** Format: double */
      lon: number | null;
      note: string | null;
    };
    /**
     * @description What was marked as read, and what is left.
     * @example {
     *       "rooms_read": 3,
     *       "messages_read": 17,
     *       "unread_count": 0,
     *       "unread_rooms": 0
     *     }
     */
    ReadAllView: {
      /**
       * Format: int64
       * @description Rooms that had unread messages
       */
      rooms_read: number;
      /**
       * Format: int64
       * @description Messages that were unread in them
       */
      messages_read: number;
      /**
       * Format: int64
       * @description Unread messages in all rooms now
       */
      unread_count: number;
      /**
       * Format: int64
       * @description Rooms with unread messages now
       */
      unread_rooms: number;
    };
    /**
     * @description Why something is done.
     * @example {
     *       "reason": "the order was delivered"
     *     }
     */
    Reason: {
      /** @description At most 1,000 characters. */
      reason?: string | null;
    };
    /** @description An event of a batch that was not taken. */
    Refused: {
      /** @description Its place in the batch, from 0 */
      index: number;
      problem: components['schemas']['Problem'];
    };
    /**
     * @description A report, as it is kept.
     * @example {
     *       "message": "019aac41-90d4-7c3e-a5b8-17f2e6c40d93",
     *       "reason": "abuse",
     *       "reported_at": "2026-11-22T17:31:05.337Z"
     *     }
     */
    ReportView: {
      /**
       * Format: uuid
       * @description The message's id
       */
      message: string;
      /** @description `abuse`, `spam`, `privacy` or `other` */
      reason: string;
      /** Format: date-time */
      reported_at: string;
    };
    /** @description Somebody as the shop names them. */
    ReportedPerson: {
      id: string;
      name: string;
      email?: string | null;
    };
    ReportedPharmacy: {
      id: string;
      name: string;
      /** @description In the order in which they get seats */
      staff?: components['schemas']['ReportedPerson'][] | null;
    };
    /**
     * @description One step in the history of a message: as it was sent, an edit, its deletion.
     * @example {
     *       "version": 9,
     *       "kind": "created",
     *       "at": "2026-11-22T17:30:48.912Z",
     *       "by": {
     *         "participant": "019aac3e-5b20-7a11-8e02-64d1c7f09a35",
     *         "name": "Aisha Rahman",
     *         "role": "customer"
     *       },
     *       "content": "Thank you! The door code is on the order.",
     *       "metadata": null,
     *       "reason": null
     *     }
     */
    RevisionView: {
      /**
       * Format: int64
       * @description The seq of the event that made it, which was the message's `version` then.
       */
      version: number;
      /** @description `created`, `edited` or `deleted`. */
      kind: string;
      /** Format: date-time */
      at: string;
      by: components['schemas']['ActorView'] | null;
      /** @description What it said from then on; null for a deletion, and when the text was erased. */
      content: string | null;
      metadata: {
        [key: string]: unknown;
      } | null;
      /** @description Why it was deleted, if somebody said. */
      reason: string | null;
    };
    /** @description What one may do now. */
    RightsNow: {
      /** @description `customer`, `rider`, `guest`, `pharmacy`, `support` or `admin` */
      role: string;
      read: boolean;
      write: boolean;
      attach: boolean;
      /**
       * Format: date-time
       * @description When the right to write ends by the clock
       */
      until: string | null;
      /** @description The rule by which they may not write */
      why_not: string | null;
    };
    /**
     * @description The table of rights of an order, as it stands.
     * @example {
     *       "version": 1,
     *       "hash": "555a6d8d31ff4a9ac5d6b0bf7bd6a5649b9740c70236657369ee336833e272a3",
     *       "status": "picked_up",
     *       "room": "open",
     *       "opens_at": "accepted",
     *       "next": null,
     *       "next_at": null,
     *       "now": [
     *         {
     *           "role": "customer",
     *           "read": true,
     *           "write": true,
     *           "attach": true,
     *           "until": null,
     *           "why_not": null
     *         },
     *         {
     *           "role": "rider",
     *           "read": true,
     *           "write": true,
     *           "attach": true,
     *           "until": null,
     *           "why_not": null
     *         }
     *       ],
     *       "statuses": []
     *     }
     */
    RightsTable: {
      /**
       * Format: int64
       * @description Of the policy file
       */
      version: number;
      /** @description SHA-256 of the policy file, in hex */
      hash: string;
      /** @description The order's status */
      status: string;
      /** @description `open`, `closed`, `archived`, or null while the order has no room */
      room: string | null;
      /** @description The status from which on the room opens */
      opens_at: string;
      /** @description What the server does with the room next: `close`, `archive` or null */
      next: string | null;
      /**
       * Format: date-time
       * @description When
       */
      next_at: string | null;
      /** @description What each may do now; empty while the order has no room */
      now: components['schemas']['RightsNow'][];
      /** @description What the policy says of every status that it names */
      statuses: components['schemas']['StatusRights'][];
    };
    /**
     * @description What is changed about a room; what is left out stays, null clears.
     * @example {
     *       "title": "Antibiotics for Aisha",
     *       "description": "Keep in the fridge"
     *     }
     */
    RoomPatch: {
      title?: string | null;
      description?: string | null;
      is_public?: boolean | null;
      /**
       * Format: int64
       * @description 2 to 50, never below those present and the seats kept for the order's people
       */
      max_participants?: number | null;
    };
    /**
     * @description A room in numbers. Days are those of UTC.
     * @example {
     *       "total_participants": 5,
     *       "active_participants": 4,
     *       "total_messages": 9,
     *       "messages_today": 7,
     *       "by_participant_role": {
     *         "admin": 0,
     *         "customer": 1,
     *         "pharmacy": 2,
     *         "rider": 1,
     *         "support": 0
     *       },
     *       "by_message_type": {
     *         "delivery_update": 1,
     *         "file": 0,
     *         "image": 0,
     *         "order_update": 2,
     *         "system": 1,
     *         "text": 5
     *       },
     *       "recent_activity": [
     *         {
     *           "date": "2026-11-21",
     *           "count": 2
     *         },
     *         {
     *           "date": "2026-11-22",
     *           "count": 7
     *         }
     *       ],
     *       "first_response_s": 41.2,
     *       "response_p50_s": 38,
     *       "response_p90_s": 73.5
     *     }
     */
    RoomStatistics: {
      /**
       * Format: int64
       * @description Who is or was in the room
       */
      total_participants: number;
      /**
       * Format: int64
       * @description Who is in it now
       */
      active_participants: number;
      /**
       * Format: int64
       * @description With the deleted ones, as the room's `message_count`
       */
      total_messages: number;
      /** Format: int64 */
      messages_today: number;
      /** @description Who is in the room now, for every role */
      by_participant_role: {
        [key: string]: number;
      };
      /** @description For every type */
      by_message_type: {
        [key: string]: number;
      };
      /** @description The last 30 days, oldest first */
      recent_activity: components['schemas']['DayActivity'][];
      /**
       * Format: double
       * @description How long a customer waited for the first answer by staff or rider; null before it
       */
      first_response_s: number | null;
      /**
       * Format: double
       * @description The median of the newest 100 answers
       */
      response_p50_s: number | null;
      /**
       * Format: double
       * @description What 90 % of the newest 100 answers did not exceed
       */
      response_p90_s: number | null;
    };
    /**
     * @description A message that was sent, and what its sender should know.
     * @example {
     *       "id": "019aac41-90d4-7c3e-a5b8-17f2e6c40d93",
     *       "room": "019aac3e-5b1f-7d20-9c41-3f0e8a6d2b17",
     *       "seq": 9,
     *       "version": 9,
     *       "sender": "019aac3e-5b20-7a11-8e02-64d1c7f09a35",
     *       "sender_name": "Aisha Rahman",
     *       "sender_role": "customer",
     *       "message_type": "text",
     *       "message_type_display": "Text",
     *       "content": "Thank you! The door code is on the order.",
     *       "file": null,
     *       "file_path": null,
     *       "file_name": null,
     *       "file_size": null,
     *       "file_type": null,
     *       "image": null,
     *       "status": "sent",
     *       "status_display": "Sent",
     *       "is_edited": false,
     *       "edited_at": null,
     *       "is_deleted": false,
     *       "deleted_at": null,
     *       "reply_to": {
     *         "id": "019aac40-11a2-7e9b-8c1d-52b3f7a90e64",
     *         "seq": 8,
     *         "sender_name": "Ravi Menon (Rider)",
     *         "excerpt": "I have your order, ten minutes.",
     *         "is_deleted": false
     *       },
     *       "reply_count": 0,
     *       "metadata": null,
     *       "timestamp": "2026-11-22T17:30:48.912Z",
     *       "delivered_at": null,
     *       "read_at": null,
     *       "receipts": null,
     *       "is_system_message": false,
     *       "is_media_message": false,
     *       "can_be_edited": true,
     *       "can_be_deleted": true,
     *       "client_message_id": "5f0c1a9e",
     *       "notices": []
     *     }
     */
    SentMessage: components['schemas']['MessageView'] & {
      notices: components['schemas']['Notice'][];
    };
    /** @description What one may do in a status, as the policy file says. */
    StatusRights: {
      /** @description A status that the policy names */
      status: string;
      is_final: boolean;
      /** @description `customer`, `rider`, `guest`, `pharmacy`, `support` or `admin` */
      role: string;
      /** @description `always`, `while_open` or `never` */
      read: string;
      write: boolean;
      /**
       * Format: int64
       * @description For how many seconds after the first final status, or a manual reopening; null without an end
       */
      write_s: number | null;
      attach: boolean;
      /**
       * Format: int64
       * @description As `write_s`
       */
      attach_s: number | null;
      /** @description The roles of which they see whether they are online */
      sees_online: string[];
    };
    /**
     * @description What became of the events.
     * @example {
     *       "accepted": 2,
     *       "repeated": 1,
     *       "errors": []
     *     }
     */
    Taken: {
      /** @description Events that were taken, or wait for their order */
      accepted: number;
      /** @description Events that came before; nothing was done */
      repeated: number;
      errors: components['schemas']['Refused'][];
    };
    /**
     * @description Something on an order's timeline: what the shop told, or an event of its room.
     * @example {
     *       "kind": "order.reported",
     *       "at": "2026-11-22T20:00:00.000Z",
     *       "seq": null,
     *       "actor": null,
     *       "told": {
     *         "status": "accepted",
     *         "delivery_status": "assigned",
     *         "rider": "Ravi Menon",
     *         "eta": "2026-11-22T21:00:00.000Z",
     *         "proof": null,
     *         "reason": null,
     *         "sequence": 4,
     *         "source": null,
     *         "event_id": null,
     *         "body": {
     *           "number": "1042",
     *           "status": "accepted"
     *         }
     *       },
     *       "data": null
     *     }
     */
    TimelineView: {
      /** @description `order.reported`, the type of the shop's event, or the kind of the room's event */
      kind: string;
      /** Format: date-time */
      at: string;
      /**
       * Format: int64
       * @description Of the room's event; null for what the shop told
       */
      seq: number | null;
      actor: components['schemas']['ActorView'] | null;
      told: components['schemas']['ToldView'] | null;
      data: components['schemas']['EventData'] | null;
    };
    /** @description What the shop told: the parts that it names, null for what it leaves out. */
    ToldView: {
      status: string | null;
      delivery_status: string | null;
      /** @description The rider's display name */
      rider: string | null;
      eta: string | null;
      proof: components['schemas']['Proof'] | null;
      /** @description For staff; null for customers and riders */
      reason: string | null;
      /**
       * Format: int64
       * @description For staff; null for customers and riders
       */
      sequence: number | null;
      /** @description Of an event; null for customers and riders */
      source: string | null;
      /** @description Of an event; null for customers and riders */
      event_id: string | null;
      /** @description All of it, as it came; null for customers and riders, who could read of each other in it */
      body: {
        [key: string]: unknown;
      } | null;
    };
    /**
     * Format: binary
     * @description A part of a file: its bytes.
     */
    UploadPiece: string;
    /**
     * @description A user as known here.
     * @example {
     *       "id": "staff-mei",
     *       "name": "Mei Tanaka",
     *       "role": "pharmacy",
     *       "email": null,
     *       "pharmacy": [
     *         "ph-marigold"
     *       ],
     *       "language": "en"
     *     }
     */
    UserView: {
      id: string;
      name: string | null;
      role: string | null;
      email: string | null;
      pharmacy: string[] | null;
      language: string | null;
    };
    /** @description The first frame, within five seconds. */
    ClientHello: {
      /** @constant */
      type: 'hello';
      /** @description Stands in the answer; without it only a refusal is answered. */
      ref?: string;
      token: string;
      resume?: components['schemas']['Resume'] | null;
    };
    /** @description Another token of the same user, before the old one expires. */
    ClientAuth: {
      /** @constant */
      type: 'auth';
      /** @description Stands in the answer; without it only a refusal is answered. */
      ref?: string;
      token: string;
    };
    /** @description Follow a room; with `after` from that seq on. */
    ClientSubscribe: {
      /** @constant */
      type: 'subscribe';
      /** @description Stands in the answer; without it only a refusal is answered. */
      ref?: string;
      /** @description A room's `id` or `room_id`, as everywhere in frames of clients. */
      room: string;
      /**
       * Format: int64
       * @description Go on after this seq; 0 gives the whole log. Without it what comes from now on.
       */
      after?: number | null;
    };
    /** @description No longer follow a room. */
    ClientUnsubscribe: {
      /** @constant */
      type: 'unsubscribe';
      /** @description Stands in the answer; without it only a refusal is answered. */
      ref?: string;
      room: string;
    };
    /** @description Send a message: as `POST /rooms/{id}/messages/`. */
    ClientSend: {
      /** @constant */
      type: 'send';
      /** @description Stands in the answer; without it only a refusal is answered. */
      ref?: string;
      room: string;
      /** @description May be left out of a message with a file. */
      content?: string;
      message_type?: string | null;
      reply_to?: string | null;
      /** @description A file that was uploaded to this room. */
      attachment?: string | null;
      metadata?: {
        [key: string]: unknown;
      } | null;
      /** @description Makes the send repeatable: the same key gives the same message, for ever. */
      client_message_id?: string | null;
    };
    /** @description Edit a message: as `PUT /messages/{id}/`. */
    ClientEdit: {
      /** @constant */
      type: 'edit';
      /** @description Stands in the answer; without it only a refusal is answered. */
      ref?: string;
      /** @description A message's id. */
      message: string;
      content: string;
    };
    /** @description Delete a message: as `DELETE /messages/{id}/`. */
    ClientDelete: {
      /** @constant */
      type: 'delete';
      /** @description Stands in the answer; without it only a refusal is answered. */
      ref?: string;
      /** @description A message's id. */
      message: string;
      reason?: string | null;
    };
    /** @description Everything up to the seq was received. */
    ClientDelivered: {
      /** @constant */
      type: 'delivered';
      /** @description Stands in the answer; without it only a refusal is answered. */
      ref?: string;
      room: string;
      /** Format: int64 */
      seq: number;
    };
    /** @description Everything up to the seq was read. */
    ClientRead: {
      /** @constant */
      type: 'read';
      /** @description Stands in the answer; without it only a refusal is answered. */
      ref?: string;
      room: string;
      /** Format: int64 */
      seq: number;
    };
    /** @description The user types; at most every two seconds. */
    ClientTyping: {
      /** @constant */
      type: 'typing';
      /** @description Stands in the answer; without it only a refusal is answered. */
      ref?: string;
      room: string;
    };
    /** @description Answered with `pong`. */
    ClientPing: {
      /** @constant */
      type: 'ping';
      /** @description Stands in the answer; without it only a refusal is answered. */
      ref?: string;
    };
    /** @description The first frame: the token was good. */
    ServerWelcome: {
      /** @constant */
      type: 'welcome';
      /** @description Names the database: stands in every cursor. */
      epoch: string;
      /** @description The caller's id in the shop. */
      user: string;
      /**
       * Format: int64
       * @description Seconds between two pings of the server.
       */
      heartbeat: number;
    };
    /** @description What was asked for with `ref` is done. */
    ServerOk: {
      /** @constant */
      type: 'ok';
      ref: components['schemas']['Ref'];
      message?: components['schemas']['MessageView'] | null;
      /** @description Of a send: what its sender should know. */
      notices?: components['schemas']['Notice'][] | null;
    };
    /** @description What was asked for was not done. */
    ServerError: {
      /** @constant */
      type: 'error';
      ref?: components['schemas']['Ref'] | null;
      problem: components['schemas']['Problem'];
      /**
       * Format: int64
       * @description Seconds after which trying again makes sense.
       */
      retry_after?: number | null;
    };
    /** @description An entry of a room's log. */
    ServerEvent: {
      /** @constant */
      type: 'event';
      /** Format: uuid */
      room: string;
      /** Format: int64 */
      seq: number;
      /** @description `message.created`, `participant.joined`, … or `hidden` for what the viewer may not know. */
      kind: string;
      /** Format: date-time */
      at: string;
      actor: components['schemas']['ActorView'] | null;
      data: components['schemas']['EventData'] | null;
    };
    /** @description Everything up to `seq` was sent; what follows is live. */
    ServerCaughtUp: {
      /** @constant */
      type: 'caught_up';
      /** Format: uuid */
      room: string;
      /** Format: int64 */
      seq: number;
      capabilities: components['schemas']['Capabilities'];
    };
    /** @description What one may do in the room has changed. */
    ServerCapabilities: {
      /** @constant */
      type: 'capabilities';
      read: boolean;
      write: boolean;
      attach: boolean;
      /**
       * Format: int64
       * @description For how many seconds after sending one may edit one's own texts; null without an end, 0 not
       *     at all.
       */
      edit_s: number | null;
      /**
       * Format: int64
       * @description As `edit_s`, for deleting.
       */
      delete_s: number | null;
      /** @description The rule by which one may not write, in words; null when one may. */
      why_not: string | null;
      /**
       * Format: date-time
       * @description When the clock alone changes `write`.
       */
      until: string | null;
      /** Format: uuid */
      room: string;
    };
    /** @description How far somebody has received and read. */
    ServerReceipt: {
      /** @constant */
      type: 'receipt';
      /** Format: uuid */
      room: string;
      /** Format: uuid */
      participant: string;
      /** Format: int64 */
      delivered_seq: number;
      /** Format: int64 */
      read_seq: number;
      /** Format: date-time */
      at: string;
    };
    /** @description Somebody types; over at most six seconds after the last one. */
    ServerTyping: {
      /** @constant */
      type: 'typing';
      /** Format: uuid */
      room: string;
      /** Format: uuid */
      participant: string;
    };
    /** @description Somebody came online, or has been away for a while. */
    ServerPresence: {
      /** @constant */
      type: 'presence';
      /** Format: uuid */
      room: string;
      /** Format: uuid */
      participant: string;
      is_online: boolean;
      /** Format: date-time */
      last_seen: string | null;
    };
    /** @description For lists of rooms: staff are told of all of theirs, also of those they do not follow. */
    ServerRoomSummary: {
      /** @constant */
      type: 'room_summary';
      /** Format: uuid */
      room: string;
      status: string;
      /** Format: int64 */
      seq: number;
      /**
       * Format: int64
       * @description Null for who is not in the room.
       */
      unread_count: number | null;
      last_message: components['schemas']['Quote'] | null;
      /** Format: date-time */
      last_activity: string;
    };
    /** @description The cursor cannot be served: reload the room by REST. From `seq` on it is live. */
    ServerResync: {
      /** @constant */
      type: 'resync';
      /** @description As the client named it. */
      room: string;
      reason: components['schemas']['ResyncReason'];
      /**
       * Format: int64
       * @description Null when the room is gone.
       */
      seq: number | null;
    };
    /** @description The answer to `ping`. */
    ServerPong: {
      /** @constant */
      type: 'pong';
      ref?: components['schemas']['Ref'] | null;
      /** Format: date-time */
      at: string;
    };
    /** @description The connection closes with this code. */
    ServerBye: {
      /** @constant */
      type: 'bye';
      /** Format: int32 */
      code: number;
      /**
       * Format: int64
       * @description Seconds to wait before coming back; null when coming back does not help.
       */
      retry_after: number | null;
    };
    /** @description What a client sends. */
    ClientFrame:
      | components['schemas']['ClientHello']
      | components['schemas']['ClientAuth']
      | components['schemas']['ClientSubscribe']
      | components['schemas']['ClientUnsubscribe']
      | components['schemas']['ClientSend']
      | components['schemas']['ClientEdit']
      | components['schemas']['ClientDelete']
      | components['schemas']['ClientDelivered']
      | components['schemas']['ClientRead']
      | components['schemas']['ClientTyping']
      | components['schemas']['ClientPing'];
    /** @description What the server sends. */
    ServerFrame:
      | components['schemas']['ServerWelcome']
      | components['schemas']['ServerOk']
      | components['schemas']['ServerError']
      | components['schemas']['ServerEvent']
      | components['schemas']['ServerCaughtUp']
      | components['schemas']['ServerCapabilities']
      | components['schemas']['ServerReceipt']
      | components['schemas']['ServerTyping']
      | components['schemas']['ServerPresence']
      | components['schemas']['ServerRoomSummary']
      | components['schemas']['ServerResync']
      | components['schemas']['ServerPong']
      | components['schemas']['ServerBye'];
  };
  responses: {
    /** @description The present state does not allow it. */
    Conflict: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:orderchat:problem:room-full",
         *       "title": "The room is full",
         *       "status": 409,
         *       "detail": "the room has 10 of 10 people",
         *       "errors": []
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description You may know of it, but not do this. */
    Forbidden: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:orderchat:problem:window",
         *       "title": "The time for this is over",
         *       "status": 403,
         *       "detail": "your messages can be edited for 15 minutes",
         *       "errors": []
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description A field or parameter is unknown, missing, of the wrong kind or out of range. */
    Invalid: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:orderchat:problem:invalid",
         *       "title": "The request is not valid",
         *       "status": 422,
         *       "detail": "/colour is unknown; taken is title or description",
         *       "errors": [
         *         {
         *           "pointer": "/colour",
         *           "detail": "is unknown; taken is title or description"
         *         }
         *       ]
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description The body is no strict JSON. */
    Malformed: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:orderchat:problem:malformed",
         *       "title": "The request cannot be read",
         *       "status": 400,
         *       "detail": "the body is no JSON: trailing comma at line 1 column 18",
         *       "errors": []
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description It does not exist, or you may not know that it does. */
    NotFound: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:orderchat:problem:not-found",
         *       "title": "Not found",
         *       "status": 404,
         *       "detail": "there is nothing here, or nothing that you may know of",
         *       "errors": []
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description The server's disk is full; reading goes on, but for what the audit could not record. */
    StorageFull: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:orderchat:problem:storage-full",
         *       "title": "No room left on the server",
         *       "status": 507,
         *       "detail": "the disk is full: nothing can be written now, reading goes on",
         *       "errors": []
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description The body is too large. */
    TooLarge: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:orderchat:problem:too-large",
         *       "title": "The body is too large",
         *       "status": 413,
         *       "detail": "the body is larger than 131072 bytes",
         *       "errors": []
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description Too often. */
    TooManyRequests: {
      headers: {
        /** @description Seconds to wait. */
        'retry-after'?: string;
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:orderchat:problem:too-many-requests",
         *       "title": "Too many requests",
         *       "status": 429,
         *       "detail": "wait 2 s and try again",
         *       "errors": []
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description There is no token, or it is not good. */
    Unauthorized: {
      headers: {
        /** @description The scheme to use, and whether the token given was no good. */
        'www-authenticate'?: string;
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:orderchat:problem:token-refused",
         *       "title": "The token is not good",
         *       "status": 401,
         *       "detail": "the token has expired",
         *       "errors": []
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description Not now: too much is under way, the server stops, or the database is away. */
    Unavailable: {
      headers: {
        /** @description Seconds to wait. */
        'retry-after'?: string;
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:orderchat:problem:unavailable",
         *       "title": "Not now",
         *       "status": 503,
         *       "detail": "the database is busy; nothing was done, try again",
         *       "errors": []
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description The body is not sent as JSON. */
    UnsupportedMediaType: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:orderchat:problem:unsupported-media-type",
         *       "title": "Not this kind of body",
         *       "status": 415,
         *       "detail": "send the body with Content-Type: application/json",
         *       "errors": []
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
  };
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  get_rooms: {
    parameters: {
      query?: {
        /** @description `open`, `closed` or `archived` */
        status?: string;
        /** @description Whether outsiders see its card and may join */
        is_public?: boolean;
        /** @description The order's id: the list has at most one room then */
        order?: string;
        /** @description The caller's own role in the room */
        role?: string;
        /** @description The beginning of an order number, a code or a word of the title */
        search?: string;
        /** @description `mine` (default), `all` that the caller reaches, or `public` ones to join */
        scope?: string;
        /**
         * @description `last_activity` or `created_at`, with a minus for newest first, with a plus or nothing for oldest
         *     first; default `-last_activity`
         */
        ordering?: string;
        /** @description How many a page holds at most; 50 if not given */
        limit?: number;
        /** @description From `next` or `previous` */
        cursor?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Page_RoomView'];
        };
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_rooms: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['NewRoom'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RoomView'];
        };
      };
      /** @description Created. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RoomView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  get_rooms_room: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The room's id or its code */
        room: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RoomView'];
        };
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  put_rooms_room: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The room's id or its code */
        room: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['RoomPatch'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RoomView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  delete_rooms_room: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The room's id or its code */
        room: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['Reason'];
      };
    };
    responses: {
      /** @description Done; there is nothing to show. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  patch_rooms_room: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The room's id or its code */
        room: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['RoomPatch'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RoomView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_rooms_room_close: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The room's id or its code */
        room: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['Reason'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RoomView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_rooms_room_reopen: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The room's id or its code */
        room: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['Reason'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RoomView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_rooms_room_archive: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The room's id or its code */
        room: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['Reason'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RoomView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_rooms_room_join: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The room's id or its code */
        room: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['Reason'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RoomView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_rooms_room_leave: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The room's id or its code */
        room: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['Reason'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RoomView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_rooms_room_read: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The room's id or its code */
        room: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['Reason'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RoomView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  get_rooms_room_events: {
    parameters: {
      query?: {
        /** @description The last seq that the client has; 0 for all */
        after?: number;
        /** @description How many a page holds at most; 50 if not given */
        limit?: number;
      };
      header?: never;
      path: {
        /** @description The room's id or its code */
        room: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Page_EventView'];
        };
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  'get_rooms_room_quick-replies': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The room's id or its code */
        room: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          /**
           * @example {
           *       "results": [
           *         "I am at the door.",
           *         "I am running late."
           *       ],
           *       "next": null,
           *       "previous": null
           *     }
           */
          'application/json': components['schemas']['Page_String'];
        };
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  get_rooms_room_participants: {
    parameters: {
      query?: {
        /** @description With those who left, were removed or blocked (staff only); default false */
        ended?: boolean;
        /** @description How many a page holds at most; 50 if not given */
        limit?: number;
        /** @description From `next` or `previous` */
        cursor?: string;
      };
      header?: never;
      path: {
        /** @description The room's id or its code */
        room: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Page_ParticipantView'];
        };
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_rooms_room_participants: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The room's id or its code */
        room: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['NewParticipant'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ParticipantView'];
        };
      };
      /** @description Created. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ParticipantView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  get_participants_participant: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The participant's id */
        participant: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ParticipantView'];
        };
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  put_participants_participant: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The participant's id */
        participant: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['ParticipantPatch'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ParticipantView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  delete_participants_participant: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The participant's id */
        participant: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['Reason'];
      };
    };
    responses: {
      /** @description Done; there is nothing to show. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  patch_participants_participant: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The participant's id */
        participant: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['ParticipantPatch'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ParticipantView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_participants_participant_mute: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The participant's id */
        participant: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['MuteRequest'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ParticipantView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_participants_participant_unmute: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The participant's id */
        participant: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['Reason'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ParticipantView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_participants_participant_block: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The participant's id */
        participant: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['Reason'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ParticipantView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_participants_participant_unblock: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The participant's id */
        participant: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['Reason'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ParticipantView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  get_rooms_room_messages: {
    parameters: {
      query?: {
        /** @description How many a page holds at most; 50 if not given */
        limit?: number;
        /** @description The newest before this seq */
        before?: number;
        /** @description The oldest after this seq */
        after?: number;
        /** @description Half of them before this seq, half from it on */
        around?: number;
        /** @description `text`, `image`, `file`, `system`, `order_update` or `delivery_update` */
        type?: string;
      };
      header?: never;
      path: {
        /** @description The room's id or its code */
        room: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Page_MessageView'];
        };
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_rooms_room_messages: {
    parameters: {
      query?: never;
      header?: {
        /** @description 1 to 128 printable ASCII characters */
        'Idempotency-Key'?: string | null;
      };
      path: {
        /** @description The room's id or its code */
        room: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['NewMessage'];
        'multipart/form-data': components['schemas']['NewFileMessage'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SentMessage'];
        };
      };
      /** @description Created. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SentMessage'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  get_messages_message: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The message's id */
        message: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['MessageView'];
        };
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  put_messages_message: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The message's id */
        message: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['Edit'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['MessageView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  delete_messages_message: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The message's id */
        message: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['Reason'];
      };
    };
    responses: {
      /** @description Done; there is nothing to show. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  patch_messages_message: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The message's id */
        message: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['Edit'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['MessageView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_messages_message_read: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The message's id */
        message: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['Nothing'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['MessageView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_messages_message_delivered: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The message's id */
        message: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['Nothing'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['MessageView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_messages_message_reply: {
    parameters: {
      query?: never;
      header?: {
        /** @description 1 to 128 printable ASCII characters */
        'Idempotency-Key'?: string | null;
      };
      path: {
        /** @description The message's id */
        message: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['NewMessage'];
        'multipart/form-data': components['schemas']['NewFileMessage'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SentMessage'];
        };
      };
      /** @description Created. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SentMessage'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_rooms_room_attachments: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The room's id or its code */
        room: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'multipart/form-data': components['schemas']['NewAttachment'];
      };
    };
    responses: {
      /** @description Created. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AttachmentView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  get_attachments_attachment: {
    parameters: {
      query?: {
        /** @description From `POST …/url/`, instead of the bearer */
        link?: string;
      };
      header?: {
        /** @description One range of bytes */
        Range?: string | null;
      };
      path: {
        /** @description The file's id */
        attachment: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The file */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'image/jpeg': string;
          'image/png': string;
          'image/webp': string;
          'image/gif': string;
          'application/pdf': string;
          'text/plain': string;
          'video/mp4': string;
          'audio/mp4': string;
          'audio/ogg': string;
          'video/webm': string;
        };
      };
      /** @description The range of it */
      206: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'image/jpeg': string;
          'image/png': string;
          'image/webp': string;
          'image/gif': string;
          'application/pdf': string;
          'text/plain': string;
          'video/mp4': string;
          'audio/mp4': string;
          'audio/ogg': string;
          'video/webm': string;
        };
      };
      /** @description It has not changed */
      304: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description It is given out by the storage itself, if the server is set so */
      307: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      /** @description It waits for the scanner */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description The range lies behind its end: `range-not-satisfiable` */
      416: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  get_attachments_attachment_thumbnail: {
    parameters: {
      query?: {
        /** @description From `POST …/url/`, instead of the bearer */
        link?: string;
      };
      header?: never;
      path: {
        /** @description The file's id */
        attachment: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The thumbnail */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'image/jpeg': string;
          'image/webp': string;
        };
      };
      /** @description It has not changed */
      304: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      /** @description It waits for the scanner */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_attachments_attachment_url: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The file's id */
        attachment: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['Nothing'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Link'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_uploads: {
    parameters: {
      query?: never;
      header: {
        /** @description `1.0.0` */
        'Tus-Resumable': string;
        /** @description Bytes of the file */
        'Upload-Length': number;
        /** @description `room` and, if known, `filename`, `filetype`, `purpose`, each with its value in base64 */
        'Upload-Metadata': string;
      };
      path?: never;
      cookie?: never;
    };
    /** @description The first piece, if it comes with the request */
    requestBody?: {
      content: {
        'application/offset+octet-stream': components['schemas']['UploadPiece'];
      };
    };
    responses: {
      /** @description It is begun; `Location` says where to go on */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      /** @description Another version of tus */
      412: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  delete_uploads_upload: {
    parameters: {
      query?: never;
      header: {
        /** @description `1.0.0` */
        'Tus-Resumable': string;
      };
      path: {
        /** @description The upload's id, the last part of its `Location` */
        upload: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done; there is nothing to show. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      /** @description Another version of tus */
      412: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  head_uploads_upload: {
    parameters: {
      query?: never;
      header: {
        /** @description `1.0.0` */
        'Tus-Resumable': string;
      };
      path: {
        /** @description The upload's id, the last part of its `Location` */
        upload: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description `Upload-Offset` of `Upload-Length` bytes have come; `Upload-Metadata` as it was given */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      /** @description Another version of tus */
      412: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  patch_uploads_upload: {
    parameters: {
      query?: never;
      header: {
        /** @description `1.0.0` */
        'Tus-Resumable': string;
        /** @description Where this piece begins */
        'Upload-Offset': number;
        /** @description `sha1` or `sha256`, and the piece's digest in base64 */
        'Upload-Checksum'?: string | null;
      };
      path: {
        /** @description The upload's id, the last part of its `Location` */
        upload: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/offset+octet-stream': components['schemas']['UploadPiece'];
      };
    };
    responses: {
      /** @description `Upload-Offset` bytes have come */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      /** @description Another version of tus */
      412: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      /** @description The piece is not what its checksum says */
      460: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  get_search: {
    parameters: {
      query: {
        /**
         * @description 1 to 200 characters, taken literally: a part of a message in any script, or the beginning of
         *     an order's number or a room's code
         */
        q: string;
        /** @description A room's id or code */
        room?: string;
        /** @description `text`, `image`, `file`, `system`, `order_update` or `delivery_update` */
        type?: string;
        /** @description A participant's id; for staff also a user's id, for others their own */
        sender?: string;
        /** @description Sent at or after this time (RFC 3339) */
        from?: string;
        /** @description Sent before this time (RFC 3339) */
        to?: string;
        /** @description `file`: only messages with one */
        has?: string;
        /** @description How many a page holds at most; 50 if not given */
        limit?: number;
        /** @description From `next` */
        cursor?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Page_MessageView'];
        };
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  get_rooms_room_stats: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The room's id or its code */
        room: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RoomStatistics'];
        };
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  get_messages_message_thread: {
    parameters: {
      query?: {
        /** @description How many a page holds at most; 50 if not given */
        limit?: number;
        /** @description From `next` or `previous` */
        cursor?: string;
      };
      header?: never;
      path: {
        /** @description The message's id */
        message: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Page_MessageView'];
        };
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  get_messages_unread: {
    parameters: {
      query?: {
        /** @description How many a page holds at most; 50 if not given */
        limit?: number;
        /** @description From `next` or `previous` */
        cursor?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Page_MessageView'];
        };
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  'post_messages_read-all': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['Nothing'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ReadAllView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  get_messages_message_history: {
    parameters: {
      query?: {
        /** @description How many a page holds at most; 50 if not given */
        limit?: number;
        /** @description From `next` or `previous` */
        cursor?: string;
      };
      header?: never;
      path: {
        /** @description The message's id */
        message: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Page_RevisionView'];
        };
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_messages_message_report: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The message's id */
        message: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['NewReport'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ReportView'];
        };
      };
      /** @description Created. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ReportView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  get_me: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['MeView'];
        };
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  patch_me: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['MyPatch'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['MeView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  get_orders_order: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The order's id in the shop */
        order: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['OrderView'];
        };
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  put_orders_order: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The order's id in the shop */
        order: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['OrderReport'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['OrderView'];
        };
      };
      /** @description Created. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['OrderView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_orders_events: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/cloudevents+json': components['schemas']['CloudEvent'];
        'application/cloudevents-batch+json': components['schemas']['CloudEvent'][];
      };
    };
    responses: {
      /** @description Taken: what became of each event. */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Taken'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  get_orders_order_timeline: {
    parameters: {
      query?: {
        /** @description How many a page holds at most; 50 if not given */
        limit?: number;
        /** @description From `next` */
        cursor?: string;
      };
      header?: never;
      path: {
        /** @description The order's id in the shop */
        order: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Page_TimelineView'];
        };
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  get_orders_order_policy: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The order's id in the shop */
        order: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RightsTable'];
        };
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  put_users_user: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The user's id in the shop */
        user: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['NewUser'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['UserView'];
        };
      };
      /** @description Created. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['UserView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  post_users_user_revoke: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The user's id in the shop */
        user: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['Nothing'];
      };
    };
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['UserView'];
        };
      };
      400: components['responses']['Malformed'];
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      415: components['responses']['UnsupportedMediaType'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  get_audit: {
    parameters: {
      query?: {
        /** @description The id of the person who did it, or of the service */
        actor?: string;
        /** @description What was done, as in `action` */
        action?: string;
        /** @description The id or the code of a room */
        room?: string;
        /** @description RFC 3339: not before */
        from?: string;
        /** @description RFC 3339: before */
        to?: string;
        /** @description How many a page holds at most; 50 if not given */
        limit?: number;
        /** @description From `next` or `previous` */
        cursor?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description As it now is. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Page_AuditView'];
        };
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
  get_ws: {
    parameters: {
      query?: never;
      header: {
        /**
         * @description Must name `orderchat.v1`
         * @example orderchat.v1
         */
        'Sec-WebSocket-Protocol': string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The connection is open; send `hello` within five seconds. */
      101: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      403: components['responses']['Forbidden'];
      /** @description There is a query: nothing is taken in it, a token least of all. */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      /** @description No WebSocket was asked for, or not this subprotocol. */
      426: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
    };
  };
  get_events: {
    parameters: {
      query: {
        /** @description A room's id or code; one to eight of them: `?room=ID&room=ID` */
        room: string[];
      };
      header?: {
        /** @description The id of the last event that one has; without it the stream begins now */
        'Last-Event-ID'?: string | null;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The stream. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          /**
           * @example id: f3b1c5.019aac3e-5b1f-7d20-9c41-3f0e8a6d2b17:9
           *     data: {"type":"caught_up",…}
           */
          'text/event-stream': string;
        };
      };
      401: components['responses']['Unauthorized'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      422: components['responses']['Invalid'];
      429: components['responses']['TooManyRequests'];
      503: components['responses']['Unavailable'];
      507: components['responses']['StorageFull'];
    };
  };
}
