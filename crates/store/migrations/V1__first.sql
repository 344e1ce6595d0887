-- The first schema. One text for both engines: @key, @int, @text, @word, @bytes and @table are
-- replaced by each engine's own words (see migrate.rs). Times are milliseconds, booleans 0 and 1, ids of the
-- outside UUIDs as bytes, keys of the inside small integers.

CREATE TABLE meta (
  name @text PRIMARY KEY,
  value @text NOT NULL
) @table;

-- People and services. `*_source` says who told: 1 an order, 2 a token, 3 PUT /users; a lower
-- source never overwrites a higher one.
CREATE TABLE app_user (
  k @key,
  id @text NOT NULL,
  is_service @int NOT NULL,
  name @text,
  name_source @int NOT NULL,
  email @text,
  email_source @int NOT NULL,
  role @text NOT NULL,
  role_source @int NOT NULL,
  pharmacy @text,
  language @text,
  preferences @text NOT NULL,
  revoked_at @int,
  last_seen @int,
  legal_hold @int NOT NULL DEFAULT 0,
  created_at @int NOT NULL,
  updated_at @int NOT NULL,
  UNIQUE (id, is_service)
) @table;

-- Our copy of the shop's orders. `*_sequence`: the report that last set that part.
CREATE TABLE shop_order (
  k @key,
  id @text NOT NULL UNIQUE,
  number @text NOT NULL,
  status @text NOT NULL,
  delivery_status @text,
  customer @int NOT NULL REFERENCES app_user (k),
  pharmacy @text NOT NULL,
  pharmacy_name @text NOT NULL,
  rider @int REFERENCES app_user (k),
  eta @int,
  language @text,
  metadata @text,
  newest_sequence @int,
  status_sequence @int,
  delivery_sequence @int,
  rider_sequence @int,
  eta_sequence @int,
  rest_sequence @int,
  final_at @int,
  version @int NOT NULL,
  created_at @int NOT NULL,
  updated_at @int NOT NULL
) @table;

CREATE TABLE order_staff (
  shop_order @int NOT NULL REFERENCES shop_order (k),
  place @int NOT NULL,
  usr @int NOT NULL REFERENCES app_user (k),
  PRIMARY KEY (shop_order, place)
) @table;

-- Every report as it came, for the order's timeline: also those that came late and changed nothing.
CREATE TABLE order_report (
  k @key,
  shop_order @int NOT NULL REFERENCES shop_order (k),
  at @int NOT NULL,
  sequence @int,
  body @text NOT NULL
) @table;
CREATE INDEX order_report_order ON order_report (shop_order, k);

-- One room per order. Counts, ordinals and the head of the log are kept here, never counted.
CREATE TABLE room (
  k @key,
  id @bytes NOT NULL UNIQUE,
  code @text NOT NULL UNIQUE,
  shop_order @int NOT NULL UNIQUE REFERENCES shop_order (k),
  pharmacy @text NOT NULL,
  title @text,
  description @text,
  status @text NOT NULL,
  is_public @int NOT NULL,
  max_participants @int NOT NULL,
  participant_count @int NOT NULL,
  message_count @int NOT NULL,
  ordinal @int NOT NULL,
  last_message @int,
  language @text,
  seq @int NOT NULL,
  chain @bytes NOT NULL,
  version @int NOT NULL,
  last_at @int NOT NULL,
  created_at @int NOT NULL,
  closed_at @int,
  closed_by @int REFERENCES app_user (k),
  closed_role @text,
  close_reason @int,
  closed_by_policy @int NOT NULL DEFAULT 0,
  reopened_at @int,
  archived_at @int,
  deleted_at @int,
  delivered_leader @int NOT NULL DEFAULT 0,
  delivered_first @int NOT NULL DEFAULT 0,
  delivered_second @int NOT NULL DEFAULT 0,
  read_leader @int NOT NULL DEFAULT 0,
  read_first @int NOT NULL DEFAULT 0,
  read_second @int NOT NULL DEFAULT 0,
  legal_hold @int NOT NULL DEFAULT 0
) @table;
CREATE INDEX room_activity ON room (last_at, k);
CREATE INDEX room_pharmacy_activity ON room (pharmacy, last_at, k);
CREATE INDEX room_public_activity ON room (last_at, k) WHERE is_public = 1;
CREATE INDEX room_created ON room (created_at, k);
CREATE INDEX room_pharmacy_created ON room (pharmacy, created_at, k);
CREATE INDEX room_public_created ON room (created_at, k) WHERE is_public = 1;

-- Words by whose beginning a room is found: its order's number, its code, the words of its title.
-- Compared by their bytes: in the order of a language, what begins so would not stand together.
CREATE TABLE room_word (
  word @word NOT NULL,
  room @int NOT NULL REFERENCES room (k),
  PRIMARY KEY (word, room)
) @table;
CREATE INDEX room_word_room ON room_word (room, word);

-- A user in a room. The unread count is room.ordinal less read_ordinal, own_after, deleted_after.
-- `readable`: whether the order policy lets them read the room in its present state; set with every
-- event that changes it, so that lists need not ask the policy.
CREATE TABLE participant (
  k @key,
  id @bytes NOT NULL UNIQUE,
  room @int NOT NULL REFERENCES room (k),
  usr @int NOT NULL REFERENCES app_user (k),
  role @text NOT NULL,
  guest @int NOT NULL,
  ended @text,
  readable @int NOT NULL,
  muted @int NOT NULL DEFAULT 0,
  muted_until @int,
  joined_at @int NOT NULL,
  left_at @int,
  visible_from @int NOT NULL,
  messages_before @int NOT NULL,
  delivered_seq @int NOT NULL DEFAULT 0,
  read_seq @int NOT NULL DEFAULT 0,
  read_ordinal @int NOT NULL,
  own_after @int NOT NULL DEFAULT 0,
  deleted_after @int NOT NULL DEFAULT 0,
  preferences @text NOT NULL,
  version @int NOT NULL,
  UNIQUE (room, usr)
) @table;
CREATE INDEX participant_room ON participant (room, k);
CREATE INDEX participant_own ON participant (usr, room) WHERE ended IS NULL AND readable = 1;

-- The room log, in the order it was written. Its rooms are locked rows, so no foreign key looks for
-- them again: on PostgreSQL that would cost every send a query. A message is its `message.created` entry. `actor` is
-- the acting user, 0 the server. `ordinal` counts the messages that count as unread, up to and with
-- this entry. What people wrote is not here, only its salted digest.
CREATE TABLE log (
  g @key,
  room @int NOT NULL,
  seq @int NOT NULL,
  kind @text NOT NULL,
  at @int NOT NULL,
  actor @int NOT NULL,
  actor_role @text NOT NULL,
  subject @int NOT NULL,
  ordinal @int NOT NULL,
  message_id @bytes,
  message_type @text,
  reply_to @int,
  key_hash @bytes,
  digest @bytes NOT NULL,
  chain @bytes NOT NULL
) @table;
CREATE UNIQUE INDEX log_room_seq ON log (room, seq);
CREATE UNIQUE INDEX log_message ON log (message_id) WHERE message_id IS NOT NULL;
CREATE UNIQUE INDEX log_key ON log (room, actor, key_hash) WHERE key_hash IS NOT NULL;

-- What people wrote, apart from the chain: erasing a text is one delete here. `request` is the
-- salted digest of the request before masking, by which a repeat is compared.
CREATE TABLE entry_text (
  g @int PRIMARY KEY,
  salt @bytes NOT NULL,
  body @text NOT NULL,
  metadata @text,
  client_key @text,
  request @bytes
) @table;

-- What only some messages have. `text_g` is the log entry whose text is the present one.
CREATE TABLE message_state (
  room @int NOT NULL,
  seq @int NOT NULL,
  version @int NOT NULL,
  text_g @int,
  edited_at @int,
  deleted_at @int,
  deleted_g @int,
  reply_count @int NOT NULL DEFAULT 0,
  PRIMARY KEY (room, seq)
) @table;

-- Advances of receipts that moved the frontier of a room: kind 0 delivered, 1 read. Append-only.
CREATE TABLE receipt_mark (
  room @int NOT NULL,
  kind @int NOT NULL,
  seq @int NOT NULL,
  participant @int NOT NULL,
  at @int NOT NULL,
  PRIMARY KEY (room, kind, seq, participant)
) @table;

-- When each participant advanced, for the receipts of one message. Append-only.
CREATE TABLE receipt_advance (
  participant @int NOT NULL,
  kind @int NOT NULL,
  seq @int NOT NULL,
  at @int NOT NULL,
  PRIMARY KEY (participant, kind, seq)
) @table;

-- What no room shows: reads by outsiders, revocations, refused attempts. A log of the same shape.
CREATE TABLE audit (
  g @key,
  at @int NOT NULL,
  actor @int NOT NULL,
  actor_role @text NOT NULL,
  action @text NOT NULL,
  room @int,
  target @text,
  request_id @text,
  ip @text,
  user_agent @text,
  salt @bytes NOT NULL,
  detail @text NOT NULL,
  digest @bytes NOT NULL,
  chain @bytes NOT NULL
) @table;
CREATE INDEX audit_reads ON audit (actor, room, action, at);
