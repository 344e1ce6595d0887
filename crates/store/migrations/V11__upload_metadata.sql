-- tus: who asks how far an upload is is told what was said of the file when it was begun, word for word.
ALTER TABLE upload ADD COLUMN metadata TEXT;
