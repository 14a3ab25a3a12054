-- title: How each metric of services runs
-- columns: metric, mean, deviation, low, p50, p95, p99, high, missing, missing_pct
-- needs: system_metrics(cpu_utilization DOUBLE, memory_utilization DOUBLE, response_time_ms DOUBLE, error_rate DOUBLE)
-- needs: system_metrics(throughput_rps DOUBLE, pod_count BIGINT)
WITH readings AS (
    SELECT metric, value
    FROM system_metrics
    CROSS JOIN LATERAL (VALUES
        (1, 'cpu_utilization', cpu_utilization), (2, 'memory_utilization', memory_utilization),
        (3, 'response_time_ms', response_time_ms), (4, 'error_rate', error_rate), (5, 'throughput_rps', throughput_rps),
        (6, 'pod_count', CAST(pod_count AS DOUBLE PRECISION))
    ) AS metrics (place, metric, value)
)
SELECT metric, avg(value) AS mean, stddev_samp(value) AS deviation, min(value) AS low,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS p50, percentile_cont(0.95) WITHIN GROUP (ORDER BY value) AS p95,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY value) AS p99, max(value) AS high,
    count(*) - count(value) AS missing, 100.0 * (count(*) - count(value)) / NULLIF(count(*), 0) AS missing_pct
FROM readings
GROUP BY 1
ORDER BY 1
