-- 0002: who may log in, with what, and who looked at what: the tables of
-- sql/sqlite/0002_accounts.sql. Times: ns UTC, 0: never.

CREATE TABLE IF NOT EXISTS account (
    id          BIGINT NOT NULL PRIMARY KEY,
    name        VARCHAR(64) NOT NULL,
    name_key    VARCHAR(64) NOT NULL,     -- lower case
    roles       VARCHAR(63) NOT NULL,     -- "admin,reviewer"
    team        VARCHAR(64) NOT NULL DEFAULT '',
    password    VARCHAR(128) NOT NULL,
    created_ns  BIGINT NOT NULL,
    password_ns BIGINT NOT NULL,
    login_ns    BIGINT NOT NULL DEFAULT 0, -- the last one
    closed_ns   BIGINT NOT NULL DEFAULT 0,
    UNIQUE KEY account_name (name_key),
    KEY account_team (team)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS login (
    id           BIGINT NOT NULL PRIMARY KEY,
    account_id   BIGINT NOT NULL,
    sha256       BINARY(32) NOT NULL,
    created_ns   BIGINT NOT NULL,
    expires_ns   BIGINT NOT NULL,
    seen_ns      BIGINT NOT NULL,
    ended_ns     BIGINT NOT NULL DEFAULT 0,
    address      VARCHAR(64) NOT NULL,
    seen_address VARCHAR(64) NOT NULL,
    user_agent   VARBINARY(255) NOT NULL, -- as it came, cut
    UNIQUE KEY login_sha256 (sha256),
    KEY login_account (account_id, id),
    KEY login_expires (expires_ns)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS api_key (
    id         BIGINT NOT NULL PRIMARY KEY,
    name       VARCHAR(64) NOT NULL,
    roles      VARCHAR(63) NOT NULL,
    sha256     BINARY(32) NOT NULL,
    created_ns BIGINT NOT NULL,
    revoked_ns BIGINT NOT NULL DEFAULT 0,
    used_ns    BIGINT NOT NULL DEFAULT 0,
    UNIQUE KEY api_key_name (name),
    UNIQUE KEY api_key_sha256 (sha256)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS enrollment_code (
    id         BIGINT NOT NULL PRIMARY KEY,
    sha256     BINARY(32) NOT NULL,
    account_id BIGINT NOT NULL DEFAULT 0, -- whose sessions; 0: nobody's yet
    created_ns BIGINT NOT NULL,
    expires_ns BIGINT NOT NULL,
    used_ns    BIGINT NOT NULL DEFAULT 0,
    revoked_ns BIGINT NOT NULL DEFAULT 0,
    session_id BIGINT NOT NULL DEFAULT 0,
    UNIQUE KEY enrollment_code_sha256 (sha256)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS setup_link (
    id         BIGINT NOT NULL PRIMARY KEY,
    sha256     BINARY(32) NOT NULL,
    account_id BIGINT NOT NULL DEFAULT 0, -- 0: makes the first account
    created_ns BIGINT NOT NULL,
    expires_ns BIGINT NOT NULL,
    used_ns    BIGINT NOT NULL DEFAULT 0,
    UNIQUE KEY setup_link_sha256 (sha256)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Append-only; each row's hash covers the row before it. audit_head holds the
-- newest, so that a missing end shows as well.
CREATE TABLE IF NOT EXISTS audit (
    id         BIGINT NOT NULL PRIMARY KEY,
    at_ns      BIGINT NOT NULL,
    actor      VARCHAR(255) NOT NULL,
    account_id BIGINT NOT NULL,
    action     VARCHAR(255) NOT NULL,
    object     VARCHAR(255) NOT NULL,
    detail     MEDIUMBLOB NOT NULL,
    address    VARCHAR(255) NOT NULL,
    request    VARCHAR(255) NOT NULL,
    hash       BINARY(32) NOT NULL,
    KEY audit_object (object, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS audit_head (
    one  BIGINT NOT NULL PRIMARY KEY,
    id   BIGINT NOT NULL,
    hash BINARY(32) NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT INTO audit_head VALUES (1, 0, repeat(x'00', 32))
    ON DUPLICATE KEY UPDATE one = one;

-- Random keys that every worker needs to agree on.
CREATE TABLE IF NOT EXISTS secret (
    name  VARCHAR(64) NOT NULL PRIMARY KEY,
    value BINARY(32) NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
