-- Replies as trees, one row a reply, written with it: a page of a thread then costs the same
-- wherever it lies and however long the thread is. `root` begins the thread and is no reply itself;
-- `depth` counts the steps up to it. `jump` is an ancestor further up, so chosen by depth that any
-- ancestor is found in a logarithm of the depth (Myers, "An applicative random-access stack", 1983).
CREATE TABLE reply (
  room @int NOT NULL,
  seq @int NOT NULL,
  parent @int NOT NULL,
  root @int NOT NULL,
  depth @int NOT NULL,
  jump @int NOT NULL,
  jump_depth @int NOT NULL,
  PRIMARY KEY (room, seq)
) @table;
CREATE UNIQUE INDEX reply_root ON reply (room, root, seq);

-- Replies of before jump one step at a time, which is slower and as right.
CREATE INDEX log_reply ON log (room, reply_to) WHERE reply_to IS NOT NULL;
INSERT INTO reply (room, seq, parent, root, depth, jump, jump_depth)
  WITH RECURSIVE tree (room, seq, parent, root, depth) AS (
    SELECT l.room, l.seq, l.reply_to, l.reply_to, CAST(1 AS BIGINT)
      FROM log l JOIN log p ON p.room = l.room AND p.seq = l.reply_to
      WHERE l.reply_to IS NOT NULL AND p.reply_to IS NULL
    UNION ALL
    SELECT l.room, l.seq, l.reply_to, tree.root, tree.depth + 1
      FROM tree JOIN log l ON l.room = tree.room AND l.reply_to = tree.seq
      WHERE l.reply_to IS NOT NULL
  )
  SELECT room, seq, parent, root, depth, parent, depth - 1 FROM tree;
DROP INDEX log_reply;

-- Whether a participant may have something unread: set by the first message of others after they
-- have read everything, so that who is in 10,000 rooms is asked about those only where something
-- is. 1 where there is nothing costs a look, and goes with the next change of the row.
ALTER TABLE participant ADD COLUMN has_unread @int NOT NULL DEFAULT 1;
CREATE INDEX participant_unread ON participant (usr, room)
  WHERE has_unread = 1 AND ended IS NULL AND readable = 1;
-- Without has_unread: SQLite changes rows in one pass only where it does not change the index it reads.
CREATE INDEX participant_active ON participant (room) WHERE ended IS NULL;

-- The edits and the deletion of a message, for its history.
CREATE INDEX log_message_change ON log (room, subject, seq)
  WHERE kind = 'message.edited' OR kind = 'message.deleted';

-- Who reported which message, each of them once. What they wrote about it is in the audit only.
CREATE TABLE message_report (
  room @int NOT NULL,
  seq @int NOT NULL,
  reporter @int NOT NULL,
  reason @text NOT NULL,
  at @int NOT NULL,
  PRIMARY KEY (room, seq, reporter)
) @table;
