-- Collections, their documents, and which generation of indexes answers for them.
-- Never edited once released: later changes are files of their own.

CREATE TABLE collections (
    id              INTEGER PRIMARY KEY,
    name            TEXT    NOT NULL UNIQUE,
    last_change     INTEGER NOT NULL DEFAULT 0, -- number of the last committed write; an index built to it is up to date
    last_build      INTEGER NOT NULL DEFAULT 0, -- number of the last build begun: folders are never reused
    generation      TEXT                        -- folder of the generation that answers, if any
);

CREATE TABLE documents (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT, -- a document's row in every index; a new one with each new version
    collection      INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    id              TEXT    NOT NULL,
    title           TEXT,
    text            TEXT    NOT NULL,
    fields          TEXT    NOT NULL,           -- a JSON object
    UNIQUE (collection, id)
);

CREATE INDEX documents_by_collection ON documents (collection, seq);
