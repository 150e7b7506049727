-- Keys of the service. What a key says is never kept, only its hash.

CREATE TABLE keys (
    id              TEXT    PRIMARY KEY,        -- the part of the key that may be shown
    hash            BLOB    NOT NULL,           -- SHA-256 of the whole key: it holds 256 random bits, so nothing slower is needed
    name            TEXT    NOT NULL,
    scopes          TEXT    NOT NULL,           -- a JSON array: search, ingest, train, admin
    collections     TEXT,                       -- a JSON array of names; null for all
    created_at      INTEGER NOT NULL,           -- seconds since 1970
    expires_at      INTEGER,
    revoked_at      INTEGER
) WITHOUT ROWID;
