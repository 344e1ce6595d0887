-- Search folds texts by Unicode's compatibility forms now. Of texts that were indexed before, the bits
-- are of other letters: the index is made anew, and what it does not cover meanwhile is read as it
-- stands.
DELETE FROM search_bits;
DELETE FROM search_unit;
UPDATE follower SET tx = 0, g = 0 WHERE name IN ('search', 'search.merge');

-- Statistics count a message under the role that its sender had then, not the one that they have when
-- it is counted.
DELETE FROM room_statistics;
UPDATE follower SET tx = 0, g = 0 WHERE name = 'statistics';
