-- title: Mean memory by criticality
-- columns: criticality, memory_percent
-- needs: server_metrics(criticality, mem_p95)
SELECT criticality, avg(mem_p95) AS memory_percent
FROM server_metrics
WHERE criticality IS NOT NULL
GROUP BY criticality
ORDER BY list_position(['High', 'Medium', 'Low'], criticality), criticality
