-- title: Mean CPU of the fleet
-- columns: time, cpu_percent
-- needs: server_metrics(timestamp, cpu_p95)
-- Finer steps are shown by day: a line of 35,000 points is a block of ink.
SELECT date_trunc('day', "timestamp") AS "time", avg(cpu_p95) AS cpu_percent
FROM server_metrics
WHERE "timestamp" IS NOT NULL
GROUP BY ALL
ORDER BY "time"
