-- How a collection's documents are indexed: a JSON object; what it leaves out is inferred.

ALTER TABLE collections ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
