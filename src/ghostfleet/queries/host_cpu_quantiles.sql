-- title: Quantiles of CPU over all rows
-- columns: quantile, cpu_percent
-- needs: host_metrics(cpu)
-- needs: host_quantiles(metric, share, value)
-- Without a reading there is one row per quantile all the same, of null.
SELECT quantile, value AS cpu_percent
FROM (
    VALUES (0.1, 'p10'), (0.25, 'p25'), (0.5, 'p50'), (0.75, 'p75'), (0.9, 'p90'), (0.95, 'p95'), (0.99, 'p99'), (1, 'max')
) AS named (share, quantile)
LEFT JOIN host_quantiles ON metric = 'cpu' AND host_quantiles.share = named.share::DOUBLE
ORDER BY named.share
