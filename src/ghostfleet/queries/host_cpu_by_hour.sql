-- title: Mean CPU of all hosts by hour of day
-- columns: hour, cpu_percent
-- needs: host_metrics(time, cpu)
SELECT strftime("time", '%H:00') AS "hour", avg(cpu) AS cpu_percent
FROM host_metrics
WHERE "time" IS NOT NULL
GROUP BY ALL
ORDER BY 1
