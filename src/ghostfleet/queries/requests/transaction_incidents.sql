-- title: Transactions that failed late, the newest first
-- about: COM-14
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ, slow_ms BIGINT = 5000, most BIGINT = 10
-- window: 7 days of transactions
-- needs: transactions(timestamp TIMESTAMPTZ, transaction_id, user_id, status, response_code BIGINT, response_time_ms BIGINT)
-- needs: transactions(error_code, error_message, payment_gateway, upstream_response_time_ms BIGINT)
-- needs: transactions(database_query_time_ms BIGINT, circuit_breaker_state, thread_pool_active BIGINT)
-- needs: transactions(memory_usage_percent BIGINT, geo_location_country)
-- columns: timestamp, transaction_id, user_id, response_code, response_time_ms, error_code, error_message
-- columns: payment_gateway, upstream_response_time_ms, database_query_time_ms, circuit_breaker_state
-- columns: thread_pool_active, memory_usage_percent, geo_location_country
-- stores: duckdb, timescaledb
-- order: total
SELECT "timestamp", transaction_id, user_id, response_code, response_time_ms, error_code, error_message, payment_gateway,
    upstream_response_time_ms, database_query_time_ms, circuit_breaker_state, thread_pool_active, memory_usage_percent,
    geo_location_country
FROM transactions
WHERE "timestamp" >= CAST($1 AS TIMESTAMPTZ) AND "timestamp" < CAST($2 AS TIMESTAMPTZ)
    AND status = 'error' AND response_time_ms >= CAST($3 AS BIGINT)
ORDER BY "timestamp" DESC, transaction_id
LIMIT CAST($4 AS BIGINT) + 1
