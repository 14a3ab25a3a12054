-- title: Mean CPU by server type
-- columns: server_type, cpu_percent
-- needs: server_metrics(server_type, cpu_p95)
SELECT server_type, avg(cpu_p95) AS cpu_percent
FROM server_metrics
WHERE server_type IS NOT NULL
GROUP BY ALL
ORDER BY cpu_percent DESC, server_type
