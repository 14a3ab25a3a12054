-- title: Statistics of each metric
-- columns: metric, mean, deviation, low, high, p95, missing
-- needs: server_metrics(cpu_p95, mem_p95, disk_p95, net_in_p95, net_out_p95)
WITH long AS (
    SELECT metric, value
    FROM server_metrics
    UNPIVOT INCLUDE NULLS (value FOR metric IN (cpu_p95, mem_p95, disk_p95, net_in_p95, net_out_p95))
)
SELECT metric, avg(value) AS mean, stddev_samp(value) AS deviation, min(value) AS low, max(value) AS high,
    quantile_cont(value, 0.95) AS p95, count(*) - count(value) AS missing
FROM long
GROUP BY metric
ORDER BY list_position(['cpu_p95', 'mem_p95', 'disk_p95', 'net_in_p95', 'net_out_p95'], metric)
