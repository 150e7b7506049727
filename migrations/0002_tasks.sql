-- Long work: what was asked, how it stands, what came of it. A task outlives the process that runs it.

CREATE TABLE tasks (
    uid             INTEGER PRIMARY KEY AUTOINCREMENT,
    collection      TEXT,                       -- a name: the task may outlive the collection; null for tasks on all of them
    type            TEXT    NOT NULL,           -- train, index, ingest, import, snapshot
    status          TEXT    NOT NULL,           -- enqueued, processing, succeeded, failed, canceled
    details         TEXT    NOT NULL,           -- a JSON object: what was asked
    result          TEXT,                       -- a JSON object: what came of it, once succeeded
    error           TEXT,                       -- a JSON object: why it failed
    cancel          INTEGER NOT NULL DEFAULT 0, -- 1 once somebody wants it to stop
    enqueued_at     INTEGER NOT NULL,           -- milliseconds since 1970
    started_at      INTEGER,
    finished_at     INTEGER
);

CREATE INDEX tasks_by_status ON tasks (status, uid);
