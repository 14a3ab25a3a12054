-- title: Transactions hour by hour
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- needs: transactions(timestamp TIMESTAMPTZ, status, response_time_ms BIGINT)
-- columns: hour, transaction_count, error_count, avg_ms
-- stores: duckdb, timescaledb
-- order: total
SELECT time_bucket(INTERVAL '1 hour', "timestamp") AS hour, count(*) AS transaction_count,
    count(*) FILTER (WHERE status = 'error') AS error_count,
    CAST(avg(response_time_ms) AS DOUBLE PRECISION) AS avg_ms
FROM transactions
WHERE "timestamp" >= CAST($1 AS TIMESTAMPTZ) AND "timestamp" < CAST($2 AS TIMESTAMPTZ)
GROUP BY 1
ORDER BY 1
