-- Files that were uploaded. Their bytes lie in the storage under their ids; a row is written before
-- the first byte, so that whatever lies there is known here. `until` is when a file goes that no
-- message has by then; the message that has it is `seq` of the room. Its name is here until a message
-- has it, then with the message's text.
CREATE TABLE attachment (
  k @key,
  id @bytes NOT NULL UNIQUE,
  room @int NOT NULL,
  owner @int NOT NULL,
  state @word NOT NULL,
  purpose @word,
  created_at @int NOT NULL,
  until @int,
  name @text,
  size @int NOT NULL,
  mime @word,
  source @bytes,
  digest @bytes,
  width @int,
  height @int,
  thumbhash @text,
  seq @int
) @table;
CREATE UNIQUE INDEX attachment_message ON attachment (room, seq) WHERE seq IS NOT NULL;
CREATE INDEX attachment_until ON attachment (until, k) WHERE until IS NOT NULL;
CREATE INDEX attachment_unsent ON attachment (owner, k) WHERE until IS NOT NULL;
CREATE INDEX attachment_pending ON attachment (k) WHERE state = 'pending';

-- How many bytes the files of a user take, with those that are on their way.
CREATE TABLE file_use (
  owner @int PRIMARY KEY,
  bytes @int NOT NULL
) @table;

-- An upload that comes in pieces, and may go on after an interruption.
CREATE TABLE upload (
  attachment @int PRIMARY KEY,
  length @int NOT NULL,
  received @int NOT NULL DEFAULT 0,
  pieces @int NOT NULL DEFAULT 0,
  declared @text
) @table;
CREATE TABLE upload_piece (
  attachment @int NOT NULL,
  start @int NOT NULL,
  name @word NOT NULL,
  PRIMARY KEY (attachment, start)
) @table;

-- The file of a message, with its text.
ALTER TABLE entry_text ADD COLUMN file @text;
-- That its file waits for the scanner, or was rejected.
ALTER TABLE message_state ADD COLUMN file_pending @int NOT NULL DEFAULT 0;
ALTER TABLE message_state ADD COLUMN failed_at @int;
