-- When the order policy next has something to do in a room. It says only when to look: what is due
-- is decided by the room's state then. At most one a room; a room without one has nothing to come.
CREATE TABLE timer (
  room @int PRIMARY KEY REFERENCES room (k),
  due_at @int NOT NULL
) @table;
CREATE INDEX timer_due ON timer (due_at, room);

-- Rooms from before the table are looked at at once, and get their right time then.
INSERT INTO timer (room, due_at)
SELECT r.k, COALESCE(r.closed_at, o.final_at) FROM room r JOIN shop_order o ON o.k = r.shop_order
WHERE r.deleted_at IS NULL
  AND ((r.status = 'closed' AND r.closed_at IS NOT NULL)
    OR (r.status = 'open' AND o.final_at IS NOT NULL));

-- Whether the word stands on the room's card, too: outsiders of a public room, and guests, find it by
-- those only. The order's number does not, unless the title has it.
ALTER TABLE room_word ADD COLUMN on_card @int NOT NULL DEFAULT 0;
UPDATE room_word SET on_card = 1 WHERE EXISTS (
  SELECT 1 FROM room r JOIN shop_order o ON o.k = r.shop_order
  WHERE r.k = room_word.room AND room_word.word <> LOWER(o.number)
);

-- The first seq that somebody saw when they advanced. Who comes back may see less than before.
ALTER TABLE receipt_mark ADD COLUMN visible_from @int NOT NULL DEFAULT 1;
UPDATE receipt_mark SET visible_from =
  (SELECT p.visible_from FROM participant p WHERE p.k = receipt_mark.participant);
ALTER TABLE receipt_advance ADD COLUMN visible_from @int NOT NULL DEFAULT 1;
UPDATE receipt_advance SET visible_from =
  (SELECT p.visible_from FROM participant p WHERE p.k = receipt_advance.participant);
