-- 0006: days of long sessions (UTC), summed from their quarters behind a
-- watermark, so that a year of a session is some hundred rows (store_days.h).

CREATE TABLE rollup_day (                 -- of days with a metric
    session_id       INTEGER NOT NULL,
    quarter          INTEGER NOT NULL,    -- the day's first
    observations     INTEGER NOT NULL,
    scored           INTEGER NOT NULL,
    judged           INTEGER NOT NULL,
    productivity_sum REAL NOT NULL,
    productivity_min REAL,                -- NULL: nothing scored, or judged
    productivity_max REAL,
    anomaly_sum      REAL NOT NULL,
    anomaly_min      REAL,
    anomaly_max      REAL,
    observed_am      INTEGER NOT NULL,    -- bit n: the nth quarter has a metric
    observed_pm      INTEGER NOT NULL,    -- the same from the 48th on
    PRIMARY KEY (session_id, quarter)
) WITHOUT ROWID;

CREATE TABLE rollup_day_upto (
    session_id INTEGER NOT NULL PRIMARY KEY,
    upto       INTEGER NOT NULL,          -- quarter: the days before are summed
    late       INTEGER NOT NULL           -- metrics - on_time at that time
);

ALTER TABLE session_stat ADD COLUMN on_time INTEGER NOT NULL DEFAULT 0; -- of
-- the metrics; an older server counts none
