-- The order policies that were in force, the newest version of which is. `applied_to` is the key of
-- the last room that follows it: who may read, and the timer, are kept with the rooms; `applied_at`
-- when the last of them did.
CREATE TABLE policy (
  version @int PRIMARY KEY,
  hash @bytes NOT NULL,
  body @text NOT NULL,
  taken_at @int NOT NULL,
  applied_to @int NOT NULL DEFAULT 0,
  applied_at @int
) @table;

-- A rider's orders under way, for whether the next one is on board.
CREATE INDEX shop_order_rider_active ON shop_order (rider, status)
  WHERE final_at IS NULL AND rider IS NOT NULL;

-- What the shop told of an order, beside whole reports: events, each known by its source and id, so
-- that a repeat changes nothing.
ALTER TABLE order_report ADD COLUMN kind @text NOT NULL DEFAULT 'order.reported';
ALTER TABLE order_report ADD COLUMN source @text;
ALTER TABLE order_report ADD COLUMN event_id @text;
CREATE UNIQUE INDEX order_report_event ON order_report (source, event_id)
  WHERE source IS NOT NULL;

-- Every part of an order is set by the report with the highest sequence that had it, so that reports
-- may come in any order.
ALTER TABLE shop_order ADD COLUMN number_sequence @int;
ALTER TABLE shop_order ADD COLUMN customer_sequence @int;
ALTER TABLE shop_order ADD COLUMN pharmacy_sequence @int;
ALTER TABLE shop_order ADD COLUMN staff_sequence @int;
ALTER TABLE shop_order ADD COLUMN language_sequence @int;
ALTER TABLE shop_order ADD COLUMN metadata_sequence @int;
UPDATE shop_order SET number_sequence = rest_sequence, customer_sequence = rest_sequence,
  pharmacy_sequence = rest_sequence, staff_sequence = rest_sequence,
  language_sequence = rest_sequence, metadata_sequence = rest_sequence;
ALTER TABLE shop_order DROP COLUMN rest_sequence;

-- Events for orders that are not known yet. They are taken when the order arrives.
CREATE TABLE order_event_waiting (
  k @key,
  order_id @text NOT NULL,
  source @text NOT NULL,
  event_id @text NOT NULL,
  at @int NOT NULL,
  body @text NOT NULL,
  UNIQUE (source, event_id)
) @table;
CREATE INDEX order_event_waiting_order ON order_event_waiting (order_id, k);
CREATE INDEX order_event_waiting_at ON order_event_waiting (at);
