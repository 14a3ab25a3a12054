-- title: CPU of each database over time
-- columns: time, db_identifier, cpu_percent
-- needs: database_metrics(time TIMESTAMPTZ, db_identifier, cpu_utilization DOUBLE)
-- Rows of three days are shown by five minutes, those of two months by the hour, and longer ones by the day.
WITH span AS (
    SELECT CASE
        WHEN max(time) - min(time) < INTERVAL '72 hours' THEN INTERVAL '5 minutes'
        WHEN max(time) - min(time) < INTERVAL '1488 hours' THEN INTERVAL '1 hour'
        ELSE INTERVAL '24 hours' END AS step
    FROM database_metrics
), shown AS (
    SELECT time_bucket(step, time) AS time, db_identifier, avg(cpu_utilization) AS cpu_percent
    FROM database_metrics
    CROSS JOIN span
    GROUP BY 1, 2
), places AS (
    SELECT db_identifier, avg(cpu_percent) AS mean FROM shown GROUP BY 1
)
SELECT time, db_identifier, cpu_percent
FROM shown
JOIN places USING (db_identifier)
ORDER BY mean DESC NULLS LAST, db_identifier, time
