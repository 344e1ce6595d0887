-- What every send changes about a room gets a narrow row of its own. In `room` it stood beside what
-- hardly ever changes, and as the last activity is in indexes, PostgreSQL wrote a new version of
-- the whole row into each of the table's ten indexes at every send.
--
-- `news` counts the messages about the order, which guests do not see, and `last_said` is the
-- newest of the others: what a guest is shown is counted without them. `pharmacy` and `is_public`
-- are copies, for the indexes.
CREATE TABLE room_head (
  room @int PRIMARY KEY REFERENCES room (k),
  pharmacy @text NOT NULL,
  is_public @int NOT NULL,
  seq @int NOT NULL,
  chain @bytes NOT NULL,
  ordinal @int NOT NULL,
  news @int NOT NULL,
  message_count @int NOT NULL,
  last_message @int,
  last_said @int,
  last_at @int NOT NULL
) @hot;

INSERT INTO room_head (room, pharmacy, is_public, seq, chain, ordinal, news, message_count,
  last_message, last_said, last_at)
SELECT r.k, r.pharmacy, r.is_public, r.seq, r.chain, r.ordinal,
  (SELECT COUNT(*) FROM log l
    WHERE l.room = r.k AND l.message_type IN ('order_update', 'delivery_update')),
  r.message_count, r.last_message,
  (SELECT MAX(l.seq) FROM log l WHERE l.room = r.k AND l.kind = 'message.created'
    AND l.message_type NOT IN ('order_update', 'delivery_update')),
  r.last_at
FROM room r;

-- The condition holds for every room: only a list of all rooms says it, so only that walks the index.
CREATE INDEX room_head_activity ON room_head (last_at, room) WHERE seq >= 0;
CREATE INDEX room_head_pharmacy ON room_head (pharmacy, last_at, room);
CREATE INDEX room_head_public ON room_head (last_at, room) WHERE is_public = 1;

DROP INDEX room_created;
CREATE INDEX room_created ON room (created_at, k) WHERE k > 0;

DROP INDEX room_activity;
DROP INDEX room_pharmacy_activity;
DROP INDEX room_public_activity;
ALTER TABLE room DROP COLUMN seq;
ALTER TABLE room DROP COLUMN chain;
ALTER TABLE room DROP COLUMN ordinal;
ALTER TABLE room DROP COLUMN message_count;
ALTER TABLE room DROP COLUMN last_message;
ALTER TABLE room DROP COLUMN last_at;

-- How many messages about the order there are up to a seq, for guests; a room has few of them.
CREATE INDEX log_news ON log (room, seq) WHERE message_type IN ('order_update', 'delivery_update');

-- Rows that change often and in no column of an index: where their page has space, no index is
-- written.
@postgres ALTER TABLE participant SET (fillfactor = 80);
@postgres ALTER TABLE room SET (fillfactor = 80);

-- How many messages about the order there were before what a participant sees, and up to their read
-- mark: a guest is not counted these.
ALTER TABLE participant ADD COLUMN news_before @int NOT NULL DEFAULT 0;
ALTER TABLE participant ADD COLUMN read_news @int NOT NULL DEFAULT 0;
UPDATE participant SET
  news_before = (SELECT COUNT(*) FROM log l WHERE l.room = participant.room
    AND l.message_type IN ('order_update', 'delivery_update')
    AND l.seq < participant.visible_from AND participant.messages_before > 0),
  read_news = (SELECT COUNT(*) FROM log l WHERE l.room = participant.room
    AND l.message_type IN ('order_update', 'delivery_update')
    AND (l.seq <= participant.read_seq OR l.seq < participant.visible_from));
