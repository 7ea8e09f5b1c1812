-- 0005: a day of a session is read from an index alone. What a chart and the
-- lanes show of a metric stands in columns, so that its payload, on a page of
-- its own in the table, is not read for it.

ALTER TABLE metric ADD COLUMN told INTEGER NOT NULL DEFAULT 0; -- 0: an older
-- server wrote it: activity and category are in the payload alone
ALTER TABLE metric ADD COLUMN activity REAL;      -- NULL: none, or no number
ALTER TABLE metric ADD COLUMN category TEXT;      -- cut; NULL: none said
CREATE INDEX metric_day ON metric (session_id, at, id, told, scored, judged,
    productivity, anomaly, activity, category);
DROP INDEX metric_at;                             -- its columns come first
