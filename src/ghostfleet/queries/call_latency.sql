-- title: 95th percentile of the latency of each call
-- columns: source_service, target_service, p95_ms
-- needs: network_metrics(source_service, target_service, p95_latency_ms DOUBLE, request_count BIGINT)
-- Percentiles cannot be averaged: the row in the middle is told.
SELECT source_service, target_service, percentile_cont(0.5) WITHIN GROUP (ORDER BY p95_latency_ms) AS p95_ms
FROM network_metrics
WHERE request_count > 0
GROUP BY 1, 2
ORDER BY 1, 2
