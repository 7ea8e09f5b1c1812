-- 0004: figures of all sessions that a page would have to count: those before
-- a watermark are kept by a job, those since are few (store_fleet.h).

CREATE TABLE fleet_count (
    one      INTEGER NOT NULL PRIMARY KEY,
    upto_ns  INTEGER NOT NULL,            -- of session.created_at
    sessions INTEGER NOT NULL,
    agents   INTEGER NOT NULL             -- a session of layer 1 is one
);
INSERT INTO fleet_count VALUES (1, 0, 0, 0);
CREATE INDEX session_created ON session (created_at, agent_id);
