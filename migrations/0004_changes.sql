-- Which write a document came with, and which writes took documents away: what an index needs to catch up from the write
-- that it shows.

ALTER TABLE documents ADD COLUMN change INTEGER NOT NULL DEFAULT 0; -- number of the write that it came with
UPDATE documents SET change = (SELECT last_change FROM collections WHERE collections.id = documents.collection);
ALTER TABLE documents ADD COLUMN checksum INTEGER;                  -- CRC-32 of id, title, text and fields; null: written before
CREATE INDEX documents_by_change ON documents (collection, change, seq);

CREATE TABLE deletions (
    seq             INTEGER PRIMARY KEY,        -- the row that is gone
    collection      INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    change          INTEGER NOT NULL            -- number of the write that took it away
);

CREATE INDEX deletions_by_change ON deletions (collection, change);
