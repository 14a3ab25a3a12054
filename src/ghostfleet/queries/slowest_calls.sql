-- title: Percentiles of the slowest calls
-- columns: call, percentile, latency_ms
-- needs: network_metrics(source_service, target_service, p50_latency_ms DOUBLE, p95_latency_ms DOUBLE)
-- needs: network_metrics(p99_latency_ms DOUBLE, request_count BIGINT)
-- Of each percentile the row in the middle is told, as in call_latency.
WITH calls AS (
    SELECT source_service || ' → ' || target_service AS call,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY p50_latency_ms) AS p50,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY p95_latency_ms) AS p95,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY p99_latency_ms) AS p99
    FROM network_metrics
    WHERE request_count > 0
    GROUP BY 1
), slowest AS (
    SELECT call, p50, p95, p99, row_number() OVER (ORDER BY p99 DESC NULLS LAST, call) AS place FROM calls
)
SELECT call, percentile, CASE percentile WHEN 'p50' THEN p50 WHEN 'p95' THEN p95 ELSE p99 END AS latency_ms
FROM slowest
CROSS JOIN (VALUES ('p50'), ('p95'), ('p99')) AS percentiles (percentile)
WHERE place <= 24
ORDER BY place, percentile
