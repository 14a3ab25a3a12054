-- title: Mean CPU of all hosts over time
-- columns: time, cpu_percent, grain
-- needs: host_metrics(time, cpu)
-- Rows of two days are shown as they are, those of two months by the hour, and longer ones by the day: a line of
-- thousands of points is a block of ink.
WITH span AS (
    SELECT CASE
        WHEN max("time") - min("time") < INTERVAL 2 DAYS THEN 'minute'
        WHEN max("time") - min("time") < INTERVAL 62 DAYS THEN 'hour'
        ELSE 'day' END AS part
    FROM host_metrics
)
SELECT date_trunc(part, "time") AS "time", avg(cpu) AS cpu_percent,
    CASE WHEN bool_and(min("time") = max("time")) OVER () THEN 'every row' ELSE 'by the ' || part END AS grain
FROM host_metrics
CROSS JOIN span
WHERE "time" IS NOT NULL
GROUP BY part, date_trunc(part, "time")
ORDER BY 1
