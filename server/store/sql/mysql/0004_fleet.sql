-- 0004: figures of all sessions that a page would have to count: those before
-- a watermark are kept by a job, those since are few (store_fleet.h).

CREATE TABLE IF NOT EXISTS fleet_count (
    one      BIGINT NOT NULL PRIMARY KEY,
    upto_ns  BIGINT NOT NULL,             -- of session.created_at
    sessions BIGINT NOT NULL,
    agents   BIGINT NOT NULL              -- a session of layer 1 is one
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT INTO fleet_count VALUES (1, 0, 0, 0)
    ON DUPLICATE KEY UPDATE one = one;

-- An index that is there already is left alone: the file may run again.
SET @make = (SELECT if(count(*) > 0, 'DO 0',
    'CREATE INDEX session_created ON session (created_at, agent_id)')
    FROM information_schema.statistics WHERE table_schema = DATABASE()
    AND table_name = 'session' AND index_name = 'session_created');
PREPARE make FROM @make;
EXECUTE make;
DEALLOCATE PREPARE make;
