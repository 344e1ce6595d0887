-- Those who have read everything: on PostgreSQL who writes looks at them alone, however many others are in
-- the room. SQLite keeps participant_active and looks at all who are in it: it changes rows in one pass
-- only where it does not change the index it reads.
@postgres CREATE INDEX participant_all_read ON participant (room) WHERE has_unread = 0 AND ended IS NULL;
@postgres DROP INDEX participant_active;
