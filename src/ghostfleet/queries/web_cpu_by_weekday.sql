-- title: Mean CPU of web servers by weekday
-- columns: weekday, cpu_percent
-- needs: server_metrics(timestamp, server_type, cpu_p95)
SELECT ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][isodow("timestamp")] AS weekday, avg(cpu_p95) AS cpu_percent
FROM server_metrics
WHERE server_type = 'web' AND "timestamp" IS NOT NULL
GROUP BY isodow("timestamp")
ORDER BY isodow("timestamp")
