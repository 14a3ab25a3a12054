-- title: Events of each service
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- window: 24 hours of events
-- needs: events(timestamp TIMESTAMPTZ, source_service, metrics_status_code BIGINT, metrics_response_time_ms DOUBLE)
-- columns: service, event_count, error_count, client_error_count, server_error_count, avg_ms, p50_ms, p95_ms, p99_ms
-- stores: duckdb, timescaledb
-- order: total
SELECT source_service AS service, count(*) AS event_count,
    count(*) FILTER (WHERE metrics_status_code >= 400) AS error_count,
    count(*) FILTER (WHERE metrics_status_code BETWEEN 400 AND 499) AS client_error_count,
    count(*) FILTER (WHERE metrics_status_code >= 500) AS server_error_count,
    avg(metrics_response_time_ms) AS avg_ms,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY metrics_response_time_ms) AS p50_ms,
    percentile_disc(0.95) WITHIN GROUP (ORDER BY metrics_response_time_ms) AS p95_ms,
    percentile_disc(0.99) WITHIN GROUP (ORDER BY metrics_response_time_ms) AS p99_ms
FROM events
WHERE "timestamp" >= CAST($1 AS TIMESTAMPTZ) AND "timestamp" < CAST($2 AS TIMESTAMPTZ)
GROUP BY 1
ORDER BY event_count DESC, service
