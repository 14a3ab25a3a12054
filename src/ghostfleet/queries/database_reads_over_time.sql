-- title: Read latency of each database over time, weighted by reads
-- columns: time, db_identifier, read_ms
-- needs: database_metrics(time TIMESTAMPTZ, db_identifier, read_latency_ms DOUBLE, read_iops DOUBLE)
-- Rows of three days are shown by five minutes, those of two months by the hour, and longer ones by the day.
WITH span AS (
    SELECT CASE
        WHEN max(time) - min(time) < INTERVAL '72 hours' THEN INTERVAL '5 minutes'
        WHEN max(time) - min(time) < INTERVAL '1488 hours' THEN INTERVAL '1 hour'
        ELSE INTERVAL '24 hours' END AS step
    FROM database_metrics
), shown AS (
    SELECT time_bucket(step, time) AS time, db_identifier, sum(read_latency_ms * read_iops) / NULLIF(sum(read_iops), 0) AS read_ms
    FROM database_metrics
    CROSS JOIN span
    GROUP BY 1, 2
), places AS (
    SELECT db_identifier, avg(read_ms) AS mean FROM shown GROUP BY 1
)
SELECT time, db_identifier, read_ms
FROM shown
JOIN places USING (db_identifier)
ORDER BY mean DESC NULLS LAST, db_identifier, time
