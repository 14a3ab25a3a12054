-- title: How calls between services, and to databases, did
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- window: 24 hours of network_metrics
-- needs: network_metrics(time TIMESTAMPTZ, source_service, target_service, source_cluster, target_cluster)
-- needs: network_metrics(connection_type, region, avg_latency_ms DOUBLE, p95_latency_ms DOUBLE, p99_latency_ms DOUBLE)
-- needs: network_metrics(request_count BIGINT, error_count BIGINT, packet_loss_rate DOUBLE)
-- columns: source_service, target_service, source_cluster, target_cluster, connection_type, region, data_points
-- columns: avg_latency_ms, max_p95_latency_ms, max_p99_latency_ms, total_requests, total_errors, error_percent
-- columns: avg_packet_loss_rate
-- stores: duckdb, timescaledb
-- order: total
-- Means are weighted by requests. Percentiles cannot be averaged: the highest of the rows is told, which no percentile of
-- the window exceeds.
SELECT source_service, target_service, source_cluster, target_cluster, connection_type, region, count(*) AS data_points,
    sum(avg_latency_ms * request_count) / NULLIF(CAST(sum(request_count) AS DOUBLE PRECISION), 0) AS avg_latency_ms,
    max(p95_latency_ms) AS max_p95_latency_ms, max(p99_latency_ms) AS max_p99_latency_ms,
    CAST(sum(request_count) AS BIGINT) AS total_requests, CAST(sum(error_count) AS BIGINT) AS total_errors,
    100.0 * CAST(sum(error_count) AS DOUBLE PRECISION) / NULLIF(CAST(sum(request_count) AS DOUBLE PRECISION), 0)
        AS error_percent,
    avg(packet_loss_rate) AS avg_packet_loss_rate
FROM network_metrics
WHERE time >= CAST($1 AS TIMESTAMPTZ) AND time < CAST($2 AS TIMESTAMPTZ)
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY 1, 2, 3, 4, 5, 6
