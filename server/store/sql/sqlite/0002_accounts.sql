-- Who may log in, with what, and who looked at what.
-- Secrets are stored as SHA-256; passwords as Argon2id texts. Times: ns UTC, 0: never.

CREATE TABLE account (
    id          INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL,
    name_key    TEXT    NOT NULL, -- lower case: names differ by more than case
    roles       TEXT    NOT NULL, -- "admin,reviewer"
    team        TEXT    NOT NULL DEFAULT '',
    password    TEXT    NOT NULL,
    created_ns  INTEGER NOT NULL,
    password_ns INTEGER NOT NULL,
    login_ns    INTEGER NOT NULL DEFAULT 0, -- the last one
    closed_ns   INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX account_name ON account (name_key);
CREATE INDEX account_team ON account (team);

CREATE TABLE login (
    id           INTEGER PRIMARY KEY,
    account_id   INTEGER NOT NULL,
    sha256       BLOB    NOT NULL,
    created_ns   INTEGER NOT NULL,
    expires_ns   INTEGER NOT NULL,
    seen_ns      INTEGER NOT NULL,
    ended_ns     INTEGER NOT NULL DEFAULT 0,
    address      TEXT    NOT NULL,
    seen_address TEXT    NOT NULL,
    user_agent   TEXT    NOT NULL
);
CREATE UNIQUE INDEX login_sha256 ON login (sha256);
CREATE INDEX login_account ON login (account_id, id);
CREATE INDEX login_expires ON login (expires_ns);

CREATE TABLE api_key (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL,
    roles      TEXT    NOT NULL,
    sha256     BLOB    NOT NULL,
    created_ns INTEGER NOT NULL,
    revoked_ns INTEGER NOT NULL DEFAULT 0,
    used_ns    INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX api_key_name ON api_key (name);
CREATE UNIQUE INDEX api_key_sha256 ON api_key (sha256);

CREATE TABLE enrollment_code (
    id         INTEGER PRIMARY KEY,
    sha256     BLOB    NOT NULL,
    account_id INTEGER NOT NULL DEFAULT 0, -- whose sessions; 0: nobody's yet
    created_ns INTEGER NOT NULL,
    expires_ns INTEGER NOT NULL,
    used_ns    INTEGER NOT NULL DEFAULT 0,
    revoked_ns INTEGER NOT NULL DEFAULT 0,
    session_id INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX enrollment_code_sha256 ON enrollment_code (sha256);

CREATE TABLE setup_link (
    id         INTEGER PRIMARY KEY,
    sha256     BLOB    NOT NULL,
    account_id INTEGER NOT NULL DEFAULT 0, -- 0: makes the first account
    created_ns INTEGER NOT NULL,
    expires_ns INTEGER NOT NULL,
    used_ns    INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX setup_link_sha256 ON setup_link (sha256);

-- Append-only; each row's hash covers the row before it. audit_head holds the
-- newest, so that a missing end shows as well.
CREATE TABLE audit (
    id         INTEGER PRIMARY KEY,
    at_ns      INTEGER NOT NULL,
    actor      TEXT    NOT NULL,
    account_id INTEGER NOT NULL,
    action     TEXT    NOT NULL,
    object     TEXT    NOT NULL,
    detail     TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    request    TEXT    NOT NULL,
    hash       BLOB    NOT NULL
);
CREATE INDEX audit_object ON audit (object, id);
CREATE TABLE audit_head (
    one  INTEGER PRIMARY KEY,
    id   INTEGER NOT NULL,
    hash BLOB    NOT NULL
);
INSERT INTO audit_head VALUES (1, 0, zeroblob(32));

-- Random keys that every worker needs to agree on.
CREATE TABLE secret (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;
