-- title: Response times of transactions
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- needs: transactions(timestamp TIMESTAMPTZ, response_time_ms BIGINT)
-- columns: transaction_count, min_ms, max_ms, avg_ms, p50_ms, p95_ms, p99_ms
-- stores: duckdb, timescaledb
-- order: total
SELECT count(response_time_ms) AS transaction_count, min(response_time_ms) AS min_ms, max(response_time_ms) AS max_ms,
    CAST(avg(response_time_ms) AS DOUBLE PRECISION) AS avg_ms,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY response_time_ms) AS p50_ms,
    percentile_disc(0.95) WITHIN GROUP (ORDER BY response_time_ms) AS p95_ms,
    percentile_disc(0.99) WITHIN GROUP (ORDER BY response_time_ms) AS p99_ms
FROM transactions
WHERE "timestamp" >= CAST($1 AS TIMESTAMPTZ) AND "timestamp" < CAST($2 AS TIMESTAMPTZ)
