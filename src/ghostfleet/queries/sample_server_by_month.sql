-- title: Monthly mean CPU of one server
-- columns: month, cpu_percent, year_mean, server_id, year
-- needs: server_metrics(timestamp, server_id, cpu_p95)
-- The first server in its last whole year, or in all there is of it.
WITH first_server AS (
    SELECT server_id, "timestamp" AS t, cpu_p95 FROM server_metrics
    WHERE server_id = (SELECT min(server_id) FROM server_metrics) AND "timestamp" IS NOT NULL
), years AS (
    SELECT year(t) AS y, count(DISTINCT month(t)) AS months FROM first_server GROUP BY ALL ORDER BY months DESC, y DESC LIMIT 1
)
SELECT strftime(date_trunc('month', t), '%b') AS month, avg(cpu_p95) AS cpu_percent,
    (SELECT avg(cpu_p95) FROM first_server WHERE year(t) = any_value(y)) AS year_mean,
    any_value(server_id) AS server_id, any_value(y) AS year
FROM first_server
JOIN years ON year(t) = y
GROUP BY date_trunc('month', t)
ORDER BY date_trunc('month', t)
