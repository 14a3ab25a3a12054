-- title: Statistics of each metric of hosts
-- columns: metric, mean, deviation, low, p50, p95, p99, high, missing, missing_pct
-- needs: host_metrics(cpu, memory, disk_read, disk_write, net_in, net_out)
-- needs: host_quantiles(metric, share, value)
WITH long AS (
    SELECT metric, value
    FROM host_metrics
    UNPIVOT INCLUDE NULLS (value FOR metric IN (cpu, memory, disk_read, disk_write, net_in, net_out))
), figures AS (
    SELECT metric, avg(value) AS mean, stddev_samp(value) AS deviation, min(value) AS low, max(value) AS high,
        count(*) - count(value) AS missing, count(*) AS all_rows
    FROM long
    GROUP BY metric
), quantiles AS (
    SELECT metric, max(value) FILTER (share = 0.5) AS p50, max(value) FILTER (share = 0.95) AS p95,
        max(value) FILTER (share = 0.99) AS p99
    FROM host_quantiles
    GROUP BY metric
)
SELECT metric, mean, deviation, low, p50, p95, p99, high, missing, 100 * missing / all_rows AS missing_pct
FROM figures
LEFT JOIN quantiles USING (metric)
ORDER BY list_position(['cpu', 'memory', 'disk_read', 'disk_write', 'net_in', 'net_out'], metric)
