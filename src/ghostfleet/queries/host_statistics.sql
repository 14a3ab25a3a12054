-- title: Statistics of each metric of hosts
-- columns: metric, mean, deviation, low, p50, p95, p99, high, missing, missing_pct
-- needs: host_metrics(cpu, memory, disk_read, disk_write, net_in, net_out)
WITH long AS (
    SELECT metric, value
    FROM host_metrics
    UNPIVOT INCLUDE NULLS (value FOR metric IN (cpu, memory, disk_read, disk_write, net_in, net_out))
), figures AS (
    SELECT metric, avg(value) AS mean, stddev_samp(value) AS deviation, min(value) AS low,
        quantile_cont(value, [0.5, 0.95, 0.99]) AS quantiles, max(value) AS high, count(*) - count(value) AS missing,
        count(*) AS all_rows
    FROM long
    GROUP BY metric
)
SELECT metric, mean, deviation, low, quantiles[1] AS p50, quantiles[2] AS p95, quantiles[3] AS p99, high, missing,
    100 * missing / all_rows AS missing_pct
FROM figures
ORDER BY list_position(['cpu', 'memory', 'disk_read', 'disk_write', 'net_in', 'net_out'], metric)
