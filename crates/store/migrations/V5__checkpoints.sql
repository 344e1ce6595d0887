-- Signed checkpoints: how far every chain had come. `number` is 1, 2, 3 … without a gap. What is
-- signed is described in the domain's checkpoint.rs; `scanned` and `horizon` are not: how far the log
-- was looked through for rooms that changed, and on PostgreSQL the snapshot's xmax. `settled` is its
-- xmin: what began before that had ended and was seen.
CREATE TABLE checkpoint (
  number @int PRIMARY KEY,
  epoch @text NOT NULL,
  at @int NOT NULL,
  previous @bytes NOT NULL,
  audit_entry @int NOT NULL,
  audit_chain @bytes NOT NULL,
  rooms @int NOT NULL,
  root @bytes NOT NULL,
  public_key @bytes NOT NULL,
  signature @bytes NOT NULL,
  scanned @int NOT NULL,
  horizon @int NOT NULL,
  settled @int NOT NULL
) @table;

-- The rooms of a checkpoint by their ids of the outside, so that one that has vanished is named.
CREATE TABLE checkpoint_room (
  checkpoint @int NOT NULL,
  room @bytes NOT NULL,
  seq @int NOT NULL,
  chain @bytes NOT NULL,
  PRIMARY KEY (checkpoint, room)
) @table;
CREATE INDEX checkpoint_room_room ON checkpoint_room (room, checkpoint);

-- The audit as it is listed: newest first, all of it or by one of what it can be asked for.
CREATE INDEX audit_at ON audit (at, g);
CREATE INDEX audit_actor_at ON audit (actor, at, g);
CREATE INDEX audit_action_at ON audit (action, at, g);
CREATE INDEX audit_room_at ON audit (room, at, g);
