-- 0006: days of long sessions (UTC), summed from their quarters behind a
-- watermark, so that a year of a session is some hundred rows (store_days.h).
--
-- What is there already is left alone: the file may run again.

CREATE TABLE IF NOT EXISTS rollup_day (   -- of days with a metric
    session_id       BIGINT NOT NULL,
    quarter          BIGINT NOT NULL,     -- the day's first
    observations     BIGINT NOT NULL,
    scored           BIGINT NOT NULL,
    judged           BIGINT NOT NULL,
    productivity_sum DOUBLE NOT NULL,
    productivity_min DOUBLE,              -- NULL: nothing scored, or judged
    productivity_max DOUBLE,
    anomaly_sum      DOUBLE NOT NULL,
    anomaly_min      DOUBLE,
    anomaly_max      DOUBLE,
    observed_am      BIGINT NOT NULL,     -- bit n: the nth quarter has a metric
    observed_pm      BIGINT NOT NULL,     -- the same from the 48th on
    PRIMARY KEY (session_id, quarter)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS rollup_day_upto (
    session_id BIGINT NOT NULL PRIMARY KEY,
    upto       BIGINT NOT NULL,           -- quarter: the days before are summed
    late       BIGINT NOT NULL            -- metrics - on_time at that time
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Of the metrics; an older server counts none.
SET @make = (SELECT if(count(*) > 0, 'DO 0',
    'ALTER TABLE session_stat ADD COLUMN on_time BIGINT NOT NULL DEFAULT 0')
    FROM information_schema.columns WHERE table_schema = DATABASE()
    AND table_name = 'session_stat' AND column_name = 'on_time');
PREPARE make FROM @make;
EXECUTE make;
DEALLOCATE PREPARE make;
