-- One cursor over the logs of all rooms, and what is kept by those who follow it.

-- In which transaction an entry was written: on PostgreSQL ids commit out of order, so the cursor
-- is (tx, g), read below the oldest transaction that may still commit. The database sets it. One
-- writer has SQLite to itself: there `tx` stays 0 and `g` alone is the order. What was written
-- before this migration has 0, which is before everything.
ALTER TABLE log ADD COLUMN tx @int NOT NULL DEFAULT 0;
@postgres ALTER TABLE log ALTER COLUMN tx SET DEFAULT (pg_current_xact_id()::TEXT::BIGINT);
@postgres CREATE INDEX log_tx ON log (tx, g);

-- How far each follower has come: everything up to and with this entry is done. The position moves
-- in the transaction that holds what the follower made of the entries.
CREATE TABLE follower (
  name @text PRIMARY KEY,
  tx @int NOT NULL,
  g @int NOT NULL
) @table;
INSERT INTO follower (name, tx, g) VALUES ('search', 0, 0), ('search.merge', 0, 0), ('statistics', 0, 0);

-- The search index: units of consecutive entries, `k` from 0 on without a gap, each of up to 64
-- blocks. `starts`: where each block starts and where the last ends, (tx, g) in 16 bytes.
-- `oldest_at`, `newest_at`: when its messages were sent.
CREATE TABLE search_unit (
  k @int PRIMARY KEY,
  first_tx @int NOT NULL,
  first_g @int NOT NULL,
  oldest_at @int NOT NULL,
  newest_at @int NOT NULL,
  starts @bytes NOT NULL
) @table;
CREATE INDEX search_unit_first ON search_unit (first_tx, first_g);

-- For each hash of a gram, in which blocks it occurs: no text, only bits. `k` says which unit, or
-- which 32 units, and which part of the hashes (see search/bits.rs).
CREATE TABLE search_bits (
  k @int PRIMARY KEY,
  bits @bytes NOT NULL
) @table;

-- Statistics of a room, a fold over its log up to and with `seq`, as JSON.
CREATE TABLE room_statistics (
  room @int PRIMARY KEY,
  seq @int NOT NULL,
  state @text NOT NULL
) @table;
