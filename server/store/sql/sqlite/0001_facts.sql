-- 0001: sessions, what they delivered, and the figures kept with it.
--
-- Times are ns UTC. ids of facts come from id_counter in blocks, before the
-- insert. (session_id, key) is the one unique key of every fact: ids are for
-- links. payload holds the bytes as they came, payload_sha256 their hash.

CREATE TABLE id_counter (
    name TEXT NOT NULL PRIMARY KEY,
    next INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE session (
    id            INTEGER NOT NULL PRIMARY KEY,
    session_uid   TEXT UNIQUE,            -- NULL: layer 1
    agent_id      TEXT,
    agent_name    TEXT NOT NULL,
    agent_version TEXT NOT NULL,
    hostname      TEXT NOT NULL,
    username      TEXT NOT NULL,
    ip_address    TEXT NOT NULL,          -- as the agent says
    features      TEXT,                   -- JSON list; NULL: layer 1
    peer          TEXT NOT NULL,          -- where the request came from
    started_at    INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    user_id       INTEGER NOT NULL DEFAULT 0, -- the person; 0: nobody's yet
    tier          INTEGER NOT NULL DEFAULT -1, -- when opened; -1: not declared
    payload       BLOB NOT NULL
);
CREATE INDEX session_agent ON session (agent_id, id) WHERE agent_id IS NOT NULL;
CREATE INDEX session_user ON session (user_id, id);

CREATE TABLE agent_token (
    session_id   INTEGER NOT NULL PRIMARY KEY,
    token_sha256 BLOB NOT NULL UNIQUE,
    created_at   INTEGER NOT NULL,
    revoked_at   INTEGER                  -- NULL: good
);

CREATE TABLE heartbeat (
    session_id INTEGER NOT NULL PRIMARY KEY,
    last_seen  INTEGER NOT NULL,          -- the server's clock
    head_seq   INTEGER NOT NULL DEFAULT 0,
    head_at    INTEGER NOT NULL DEFAULT 0,
    pending    INTEGER NOT NULL DEFAULT -1, -- queue at head_at; -1: not said
    health     TEXT                       -- last body, JSON; NULL: none yet
);
CREATE INDEX heartbeat_seen ON heartbeat (last_seen);

CREATE TABLE metric (
    id              INTEGER NOT NULL PRIMARY KEY,
    session_id      INTEGER NOT NULL,
    key             TEXT NOT NULL COLLATE BINARY,
    seq             INTEGER,              -- NULL: layer 1
    at              INTEGER NOT NULL,     -- agent_timestamp
    received_at     INTEGER NOT NULL,
    source_type     INTEGER NOT NULL,     -- enum fact_source
    source_ref      TEXT NOT NULL,
    feature_version TEXT NOT NULL,
    productivity    REAL NOT NULL,
    anomaly         REAL NOT NULL,
    label           INTEGER NOT NULL,     -- enum fact_label
    pipeline        INTEGER NOT NULL,     -- enum fact_pipeline
    scored          INTEGER NOT NULL,     -- 0: shown as "not scored"
    judged          INTEGER NOT NULL,     -- 0: the anomaly means nothing
    ocr_text_hash   TEXT,
    error_code      TEXT,
    error_message   TEXT,
    payload_sha256  BLOB NOT NULL,
    payload         BLOB NOT NULL         -- features, model_info, all else
);
CREATE UNIQUE INDEX metric_key ON metric (session_id, key);
CREATE INDEX metric_at ON metric (session_id, at, id);

CREATE TABLE screenshot (
    id             INTEGER NOT NULL PRIMARY KEY,
    session_id     INTEGER NOT NULL,
    key            TEXT NOT NULL COLLATE BINARY,
    seq            INTEGER,
    at             INTEGER NOT NULL,      -- captured_at
    received_at    INTEGER NOT NULL,
    blob           TEXT NOT NULL,
    thumbnail      TEXT,
    bytes          INTEGER NOT NULL,
    width          INTEGER NOT NULL,
    height         INTEGER NOT NULL,
    format         INTEGER NOT NULL,      -- enum fact_format
    output         TEXT,
    tier           INTEGER NOT NULL,      -- -1: not said
    masks          INTEGER NOT NULL,      -- -1: not said
    sha256         BLOB NOT NULL,         -- of the image
    payload_sha256 BLOB NOT NULL,
    payload        BLOB NOT NULL
);
CREATE UNIQUE INDEX screenshot_key ON screenshot (session_id, key);
CREATE INDEX screenshot_at ON screenshot (session_id, at, id);

CREATE TABLE recording (
    id             INTEGER NOT NULL PRIMARY KEY,
    session_id     INTEGER NOT NULL,
    key            TEXT NOT NULL COLLATE BINARY,
    seq            INTEGER,
    at             INTEGER NOT NULL,      -- started_at
    ended_at       INTEGER NOT NULL,
    received_at    INTEGER NOT NULL,
    video_path     TEXT NOT NULL,
    drive_file_id  TEXT,
    status         INTEGER NOT NULL,      -- enum fact_recording_status
    bytes          INTEGER NOT NULL,      -- -1: not said
    retry_count    INTEGER NOT NULL DEFAULT 0,
    error_message  TEXT,
    payload_sha256 BLOB NOT NULL,
    payload        BLOB NOT NULL
);
CREATE UNIQUE INDEX recording_key ON recording (session_id, key);
CREATE INDEX recording_at ON recording (session_id, at, id);
CREATE INDEX recording_seq ON recording (session_id, seq);

CREATE TABLE recording_status (
    id             INTEGER NOT NULL PRIMARY KEY,
    session_id     INTEGER NOT NULL,
    key            TEXT NOT NULL COLLATE BINARY,
    seq            INTEGER,
    at             INTEGER NOT NULL,
    received_at    INTEGER NOT NULL,
    recording_seq  INTEGER NOT NULL,
    status         INTEGER NOT NULL,
    drive_file_id  TEXT,
    error_message  TEXT,
    retry_count    INTEGER NOT NULL,      -- -1: not said
    payload_sha256 BLOB NOT NULL,
    payload        BLOB NOT NULL
);
CREATE UNIQUE INDEX recording_status_key ON recording_status (session_id, key);
CREATE INDEX recording_status_of
    ON recording_status (session_id, recording_seq, status);

CREATE TABLE event (
    id             INTEGER NOT NULL PRIMARY KEY,
    session_id     INTEGER NOT NULL,
    key            TEXT NOT NULL COLLATE BINARY,
    seq            INTEGER,
    at             INTEGER NOT NULL,
    received_at    INTEGER NOT NULL,
    event          TEXT NOT NULL,
    reason         TEXT,
    payload_sha256 BLOB NOT NULL,
    payload        BLOB NOT NULL
);
CREATE UNIQUE INDEX event_key ON event (session_id, key);
CREATE INDEX event_at ON event (session_id, at, id);

CREATE TABLE notice_ack (
    id             INTEGER NOT NULL PRIMARY KEY,
    session_id     INTEGER NOT NULL,
    key            TEXT NOT NULL COLLATE BINARY,
    seq            INTEGER,
    at             INTEGER NOT NULL,      -- acknowledged_at
    received_at    INTEGER NOT NULL,
    notice_sha256  TEXT NOT NULL,
    tier           INTEGER NOT NULL,
    person         TEXT,
    payload_sha256 BLOB NOT NULL,
    payload        BLOB NOT NULL
);
CREATE UNIQUE INDEX notice_ack_key ON notice_ack (session_id, key);

CREATE TABLE tombstone (
    id             INTEGER NOT NULL PRIMARY KEY,
    session_id     INTEGER NOT NULL,
    key            TEXT NOT NULL COLLATE BINARY,
    seq            INTEGER,
    at             INTEGER NOT NULL,
    received_at    INTEGER NOT NULL,
    reason         TEXT NOT NULL,
    count          INTEGER NOT NULL,      -- things without a seq
    payload_sha256 BLOB NOT NULL,
    payload        BLOB NOT NULL
);
CREATE UNIQUE INDEX tombstone_key ON tombstone (session_id, key);

-- The ledger. Runs outlive the rows: after retention a seq is still known.
CREATE TABLE delivered (
    session_id INTEGER NOT NULL,
    first_seq  INTEGER NOT NULL,
    last_seq   INTEGER NOT NULL,
    PRIMARY KEY (session_id, first_seq)
) WITHOUT ROWID;

CREATE TABLE buried (
    session_id INTEGER NOT NULL,
    first_seq  INTEGER NOT NULL,
    last_seq   INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    PRIMARY KEY (session_id, first_seq)
) WITHOUT ROWID;

CREATE TABLE ledger (                     -- monotone, of seqs
    session_id INTEGER NOT NULL PRIMARY KEY,
    accepted   INTEGER NOT NULL DEFAULT 0,
    tombstoned INTEGER NOT NULL DEFAULT 0,
    replaced   INTEGER NOT NULL DEFAULT 0, -- tombstoned, then delivered
    expired    INTEGER NOT NULL DEFAULT 0,
    erased     INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE ledger_reason (
    session_id INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    seqs       INTEGER NOT NULL DEFAULT 0, -- buried now
    replaced   INTEGER NOT NULL DEFAULT 0,
    count      INTEGER NOT NULL DEFAULT 0, -- never had a seq
    PRIMARY KEY (session_id, reason)
) WITHOUT ROWID;

-- Figures kept in the transaction of the facts, so that no page counts rows.
CREATE TABLE session_stat (
    session_id         INTEGER NOT NULL PRIMARY KEY,
    metrics            INTEGER NOT NULL DEFAULT 0,
    screenshots        INTEGER NOT NULL DEFAULT 0,
    recordings         INTEGER NOT NULL DEFAULT 0,
    events             INTEGER NOT NULL DEFAULT 0,
    last_metric_at     INTEGER NOT NULL DEFAULT 0, -- agents' clocks
    last_screenshot_at INTEGER NOT NULL DEFAULT 0,
    last_received_at   INTEGER NOT NULL DEFAULT 0  -- the server's
);

CREATE TABLE rollup (
    session_id       INTEGER NOT NULL,
    quarter          INTEGER NOT NULL,    -- 900 s since 1970
    observations     INTEGER NOT NULL,    -- metrics, scored or not
    scored           INTEGER NOT NULL,    -- their productivity counts
    judged           INTEGER NOT NULL,    -- their anomaly counts
    normal           INTEGER NOT NULL,    -- of the judged
    suspicious       INTEGER NOT NULL,
    critical         INTEGER NOT NULL,
    partial          INTEGER NOT NULL,    -- of the observations
    failed           INTEGER NOT NULL,
    screenshots      INTEGER NOT NULL,
    screenshot_bytes INTEGER NOT NULL,
    recordings       INTEGER NOT NULL,
    recording_bytes  INTEGER NOT NULL,
    events           INTEGER NOT NULL,
    productivity_sum REAL NOT NULL,
    productivity_min REAL,                -- NULL: nothing scored, or judged
    productivity_max REAL,
    anomaly_sum      REAL NOT NULL,
    anomaly_min      REAL,
    anomaly_max      REAL,
    PRIMARY KEY (session_id, quarter)
) WITHOUT ROWID;

CREATE TABLE fleet_rollup (               -- all sessions; sum over the shards
    quarter          INTEGER NOT NULL,
    shard            INTEGER NOT NULL,    -- one a writer
    observations     INTEGER NOT NULL,
    scored           INTEGER NOT NULL,
    judged           INTEGER NOT NULL,
    normal           INTEGER NOT NULL,
    suspicious       INTEGER NOT NULL,
    critical         INTEGER NOT NULL,
    partial          INTEGER NOT NULL,
    failed           INTEGER NOT NULL,
    screenshots      INTEGER NOT NULL,
    screenshot_bytes INTEGER NOT NULL,
    recordings       INTEGER NOT NULL,
    recording_bytes  INTEGER NOT NULL,
    events           INTEGER NOT NULL,
    productivity_sum REAL NOT NULL,
    productivity_min REAL,
    productivity_max REAL,
    anomaly_sum      REAL NOT NULL,
    anomaly_min      REAL,
    anomaly_max      REAL,
    PRIMARY KEY (quarter, shard)
) WITHOUT ROWID;
