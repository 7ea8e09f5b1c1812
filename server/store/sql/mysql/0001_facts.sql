-- 0001: sessions, what they delivered, and the figures kept with it: the
-- tables of sql/sqlite/0001_facts.sql for MySQL 8+ and MariaDB 10.11+.
--
-- Times are ns UTC. Texts are as long as wire.md lets them be: what is longer
-- was a 400, and strict mode refuses what would be cut. Every statement may
-- run again: tables are committed one by one. "key" and "blob" are words of
-- MySQL; ANSI_QUOTES is set.

CREATE TABLE IF NOT EXISTS id_counter (
    name VARCHAR(64) NOT NULL PRIMARY KEY,
    next BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS session (
    id            BIGINT NOT NULL PRIMARY KEY,
    session_uid   VARCHAR(32),            -- NULL: layer 1
    agent_id      VARCHAR(32),
    agent_name    VARCHAR(100) NOT NULL,
    agent_version VARCHAR(20) NOT NULL,
    hostname      VARCHAR(255) NOT NULL,
    username      VARCHAR(255) NOT NULL,
    ip_address    VARCHAR(45) NOT NULL,   -- as the agent says
    features      MEDIUMTEXT,             -- JSON list; NULL: layer 1
    peer          VARCHAR(64) NOT NULL,   -- where the request came from
    started_at    BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    user_id       BIGINT NOT NULL DEFAULT 0, -- the person; 0: nobody's yet
    tier          BIGINT NOT NULL DEFAULT -1, -- when opened; -1: not declared
    payload       MEDIUMBLOB NOT NULL,
    UNIQUE KEY session_uid (session_uid),
    KEY session_agent (agent_id, id),
    KEY session_user (user_id, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS agent_token (
    session_id   BIGINT NOT NULL PRIMARY KEY,
    token_sha256 BINARY(32) NOT NULL,
    created_at   BIGINT NOT NULL,
    revoked_at   BIGINT,                  -- NULL: good
    UNIQUE KEY agent_token_sha256 (token_sha256)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS heartbeat (
    session_id BIGINT NOT NULL PRIMARY KEY,
    last_seen  BIGINT NOT NULL,           -- the server's clock
    head_seq   BIGINT NOT NULL DEFAULT 0,
    head_at    BIGINT NOT NULL DEFAULT 0,
    pending    BIGINT NOT NULL DEFAULT -1, -- queue at head_at; -1: not said
    health     MEDIUMTEXT,                -- last body, JSON; NULL: none yet
    KEY heartbeat_seen (last_seen)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS metric (
    id             BIGINT NOT NULL PRIMARY KEY,
    session_id     BIGINT NOT NULL,
    "key"          VARCHAR(255) NOT NULL,
    seq            BIGINT,                -- NULL: layer 1
    at             BIGINT NOT NULL,               -- agent_timestamp
    received_at    BIGINT NOT NULL,
    source_type    TINYINT NOT NULL,      -- enum fact_source
    source_ref     VARCHAR(1024) NOT NULL,
    feature_version VARCHAR(255) NOT NULL,
    productivity   DOUBLE NOT NULL,
    anomaly        DOUBLE NOT NULL,
    label          TINYINT NOT NULL,      -- enum fact_label
    pipeline       TINYINT NOT NULL,      -- enum fact_pipeline
    scored         TINYINT NOT NULL,      -- 0: shown as "not scored"
    judged         TINYINT NOT NULL,      -- 0: the anomaly means nothing
    ocr_text_hash  VARCHAR(255),
    error_code     VARCHAR(255),
    error_message  MEDIUMTEXT,
    payload_sha256 BINARY(32) NOT NULL,
    payload        MEDIUMBLOB NOT NULL,            -- features, model_info, all else
    UNIQUE KEY metric_key (session_id, "key"),
    KEY metric_at (session_id, at, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS screenshot (
    id             BIGINT NOT NULL PRIMARY KEY,
    session_id     BIGINT NOT NULL,
    "key"          VARCHAR(255) NOT NULL,
    seq            BIGINT,                -- NULL: layer 1
    at             BIGINT NOT NULL,               -- captured_at
    received_at    BIGINT NOT NULL,
    "blob"         VARCHAR(127) NOT NULL,
    thumbnail      VARCHAR(127),
    bytes          BIGINT NOT NULL,
    width          BIGINT NOT NULL,
    height         BIGINT NOT NULL,
    format         TINYINT NOT NULL,      -- enum fact_format
    output         VARCHAR(64),
    tier           BIGINT NOT NULL,       -- -1: not said
    masks          BIGINT NOT NULL,       -- -1: not said
    sha256         BINARY(32) NOT NULL,   -- of the image
    payload_sha256 BINARY(32) NOT NULL,
    payload        MEDIUMBLOB NOT NULL,
    UNIQUE KEY screenshot_key (session_id, "key"),
    KEY screenshot_at (session_id, at, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS recording (
    id             BIGINT NOT NULL PRIMARY KEY,
    session_id     BIGINT NOT NULL,
    "key"          VARCHAR(255) NOT NULL,
    seq            BIGINT,                -- NULL: layer 1
    at             BIGINT NOT NULL,               -- started_at
    received_at    BIGINT NOT NULL,
    ended_at       BIGINT NOT NULL,
    video_path     VARCHAR(255) NOT NULL,
    drive_file_id  VARCHAR(255),
    status         TINYINT NOT NULL,      -- enum fact_recording_status
    bytes          BIGINT NOT NULL,       -- -1: not said
    retry_count    BIGINT NOT NULL DEFAULT 0,
    error_message  MEDIUMTEXT,
    payload_sha256 BINARY(32) NOT NULL,
    payload        MEDIUMBLOB NOT NULL,
    UNIQUE KEY recording_key (session_id, "key"),
    KEY recording_at (session_id, at, id),
    KEY recording_seq (session_id, seq)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS recording_status (
    id             BIGINT NOT NULL PRIMARY KEY,
    session_id     BIGINT NOT NULL,
    "key"          VARCHAR(255) NOT NULL,
    seq            BIGINT,                -- NULL: layer 1
    at             BIGINT NOT NULL,
    received_at    BIGINT NOT NULL,
    recording_seq  BIGINT NOT NULL,
    status         TINYINT NOT NULL,
    drive_file_id  VARCHAR(255),
    error_message  MEDIUMTEXT,
    retry_count    BIGINT NOT NULL,       -- -1: not said
    payload_sha256 BINARY(32) NOT NULL,
    payload        MEDIUMBLOB NOT NULL,
    UNIQUE KEY recording_status_key (session_id, "key"),
    KEY recording_status_of (session_id, recording_seq, status)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS event (
    id             BIGINT NOT NULL PRIMARY KEY,
    session_id     BIGINT NOT NULL,
    "key"          VARCHAR(255) NOT NULL,
    seq            BIGINT,                -- NULL: layer 1
    at             BIGINT NOT NULL,
    received_at    BIGINT NOT NULL,
    event          VARCHAR(64) NOT NULL,
    reason         VARCHAR(255),
    payload_sha256 BINARY(32) NOT NULL,
    payload        MEDIUMBLOB NOT NULL,
    UNIQUE KEY event_key (session_id, "key"),
    KEY event_at (session_id, at, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS notice_ack (
    id             BIGINT NOT NULL PRIMARY KEY,
    session_id     BIGINT NOT NULL,
    "key"          VARCHAR(255) NOT NULL,
    seq            BIGINT,                -- NULL: layer 1
    at             BIGINT NOT NULL,               -- acknowledged_at
    received_at    BIGINT NOT NULL,
    notice_sha256  VARCHAR(64) NOT NULL,
    tier           BIGINT NOT NULL,
    person         VARCHAR(255),
    payload_sha256 BINARY(32) NOT NULL,
    payload        MEDIUMBLOB NOT NULL,
    UNIQUE KEY notice_ack_key (session_id, "key")
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS tombstone (
    id             BIGINT NOT NULL PRIMARY KEY,
    session_id     BIGINT NOT NULL,
    "key"          VARCHAR(255) NOT NULL,
    seq            BIGINT,                -- NULL: layer 1
    at             BIGINT NOT NULL,
    received_at    BIGINT NOT NULL,
    reason         VARCHAR(255) NOT NULL,
    count          BIGINT NOT NULL,       -- things without a seq
    payload_sha256 BINARY(32) NOT NULL,
    payload        MEDIUMBLOB NOT NULL,
    UNIQUE KEY tombstone_key (session_id, "key")
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The ledger. Runs outlive the rows: after retention a seq is still known.
CREATE TABLE IF NOT EXISTS delivered (
    session_id BIGINT NOT NULL,
    first_seq  BIGINT NOT NULL,
    last_seq   BIGINT NOT NULL,
    PRIMARY KEY (session_id, first_seq)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS buried (
    session_id BIGINT NOT NULL,
    first_seq  BIGINT NOT NULL,
    last_seq   BIGINT NOT NULL,
    reason     VARCHAR(255) NOT NULL,
    PRIMARY KEY (session_id, first_seq)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS ledger (
    session_id BIGINT NOT NULL PRIMARY KEY,
    accepted   BIGINT NOT NULL DEFAULT 0, -- monotone, of seqs
    tombstoned BIGINT NOT NULL DEFAULT 0,
    replaced   BIGINT NOT NULL DEFAULT 0, -- tombstoned, then delivered
    expired    BIGINT NOT NULL DEFAULT 0,
    erased     BIGINT NOT NULL DEFAULT 0
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS ledger_reason (
    session_id BIGINT NOT NULL,
    reason     VARCHAR(255) NOT NULL,
    seqs       BIGINT NOT NULL DEFAULT 0, -- buried now
    replaced   BIGINT NOT NULL DEFAULT 0,
    count      BIGINT NOT NULL DEFAULT 0, -- never had a seq
    PRIMARY KEY (session_id, reason)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Figures kept in the transaction of the facts, so that no page counts rows.
CREATE TABLE IF NOT EXISTS session_stat (
    session_id         BIGINT NOT NULL PRIMARY KEY,
    metrics            BIGINT NOT NULL DEFAULT 0,
    screenshots        BIGINT NOT NULL DEFAULT 0,
    recordings         BIGINT NOT NULL DEFAULT 0,
    events             BIGINT NOT NULL DEFAULT 0,
    last_metric_at     BIGINT NOT NULL DEFAULT 0, -- agents' clocks
    last_screenshot_at BIGINT NOT NULL DEFAULT 0,
    last_received_at   BIGINT NOT NULL DEFAULT 0  -- the server's
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS rollup (
    session_id       BIGINT NOT NULL,
    quarter          BIGINT NOT NULL,     -- 900 s since 1970
    observations     BIGINT NOT NULL,
    scored           BIGINT NOT NULL,     -- their productivity counts
    judged           BIGINT NOT NULL,     -- their anomaly counts
    normal           BIGINT NOT NULL,     -- of the judged
    suspicious       BIGINT NOT NULL,
    critical         BIGINT NOT NULL,
    partial          BIGINT NOT NULL,
    failed           BIGINT NOT NULL,
    screenshots      BIGINT NOT NULL,
    screenshot_bytes BIGINT NOT NULL,
    recordings       BIGINT NOT NULL,
    recording_bytes  BIGINT NOT NULL,
    events           BIGINT NOT NULL,
    productivity_sum DOUBLE NOT NULL,
    productivity_min DOUBLE,              -- NULL: nothing scored, or judged
    productivity_max DOUBLE,
    anomaly_sum      DOUBLE NOT NULL,
    anomaly_min      DOUBLE,
    anomaly_max      DOUBLE,
    PRIMARY KEY (session_id, quarter)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS fleet_rollup (
    quarter          BIGINT NOT NULL,     -- all sessions: sum over the shards
    shard            BIGINT NOT NULL,     -- one a writer
    observations     BIGINT NOT NULL,
    scored           BIGINT NOT NULL,     -- their productivity counts
    judged           BIGINT NOT NULL,     -- their anomaly counts
    normal           BIGINT NOT NULL,     -- of the judged
    suspicious       BIGINT NOT NULL,
    critical         BIGINT NOT NULL,
    partial          BIGINT NOT NULL,
    failed           BIGINT NOT NULL,
    screenshots      BIGINT NOT NULL,
    screenshot_bytes BIGINT NOT NULL,
    recordings       BIGINT NOT NULL,
    recording_bytes  BIGINT NOT NULL,
    events           BIGINT NOT NULL,
    productivity_sum DOUBLE NOT NULL,
    productivity_min DOUBLE,              -- NULL: nothing scored, or judged
    productivity_max DOUBLE,
    anomaly_sum      DOUBLE NOT NULL,
    anomaly_min      DOUBLE,
    anomaly_max      DOUBLE,
    PRIMARY KEY (quarter, shard)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
