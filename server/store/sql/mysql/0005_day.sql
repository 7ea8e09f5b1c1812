-- 0005: a day of a session is read from an index alone. What a chart and the
-- lanes show of a metric stands in columns, so that its payload, on a page of
-- its own in the table, is not read for it. told = 0: an older server wrote it:
-- activity and category are in the payload alone.
--
-- What is there already is left alone: the file may run again.

SET @make = (SELECT if(count(*) > 0, 'DO 0',
    'ALTER TABLE metric ADD COLUMN told TINYINT NOT NULL DEFAULT 0,
        ADD COLUMN activity DOUBLE, ADD COLUMN category VARCHAR(40)')
    FROM information_schema.columns WHERE table_schema = DATABASE()
    AND table_name = 'metric' AND column_name = 'told');
PREPARE make FROM @make;
EXECUTE make;
DEALLOCATE PREPARE make;

SET @make = (SELECT if(count(*) > 0, 'DO 0',
    'ALTER TABLE metric DROP INDEX metric_at, ADD INDEX metric_day
        (session_id, at, id, told, scored, judged, productivity, anomaly,
        activity, category)')
    FROM information_schema.statistics WHERE table_schema = DATABASE()
    AND table_name = 'metric' AND index_name = 'metric_day');
PREPARE make FROM @make;
EXECUTE make;
DEALLOCATE PREPARE make;
