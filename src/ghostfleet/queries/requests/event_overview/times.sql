-- title: Response times of all events
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- needs: events(timestamp TIMESTAMPTZ, metrics_response_time_ms DOUBLE)
-- columns: event_count, avg_ms, p50_ms, p95_ms, p99_ms
-- stores: duckdb, timescaledb
-- order: total
SELECT count(*) AS event_count, avg(metrics_response_time_ms) AS avg_ms,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY metrics_response_time_ms) AS p50_ms,
    percentile_disc(0.95) WITHIN GROUP (ORDER BY metrics_response_time_ms) AS p95_ms,
    percentile_disc(0.99) WITHIN GROUP (ORDER BY metrics_response_time_ms) AS p99_ms
FROM events
WHERE "timestamp" >= CAST($1 AS TIMESTAMPTZ) AND "timestamp" < CAST($2 AS TIMESTAMPTZ)
