-- title: Mean latency of each connection
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- window: 24 hours of network_metrics
-- needs: network_metrics(time TIMESTAMPTZ, source_service, target_service, avg_latency_ms DOUBLE, request_count BIGINT)
-- columns: source_service, target_service, latency_ms, total_requests
-- stores: duckdb, timescaledb
-- order: total
-- Means of rows are weighted by their requests, so that they are the mean of all requests.
SELECT source_service, target_service,
    sum(avg_latency_ms * request_count) / NULLIF(CAST(sum(request_count) AS DOUBLE PRECISION), 0) AS latency_ms,
    CAST(sum(request_count) AS BIGINT) AS total_requests
FROM network_metrics
WHERE time >= CAST($1 AS TIMESTAMPTZ) AND time < CAST($2 AS TIMESTAMPTZ)
GROUP BY 1, 2
ORDER BY 1, 2
