-- title: Quantiles of CPU over all rows
-- columns: quantile, cpu_percent
-- needs: host_metrics(cpu)
-- Without a reading there is one row per quantile all the same, of null.
WITH found AS (
    SELECT quantile_cont(cpu, [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1]) AS quantiles FROM host_metrics
)
SELECT ['p10', 'p25', 'p50', 'p75', 'p90', 'p95', 'p99', 'max'][place] AS quantile, quantiles[place] AS cpu_percent
FROM found
CROSS JOIN range(1, 9) AS places (place)
ORDER BY place
