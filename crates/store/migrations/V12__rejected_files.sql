-- The bytes of a file that the scanner rejects are deleted after that was noted; where the server was killed
-- in between, they are still there. From now on `until` says so; of those from before it is looked.
UPDATE attachment SET until = 0
  WHERE state = 'failed' AND until IS NULL AND (seq IS NOT NULL OR purpose IS NOT NULL);
