-- title: Transactions by how they ended
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- window: 7 days of transactions
-- needs: transactions(timestamp TIMESTAMPTZ, status, error_code)
-- columns: status, error_code, transaction_count
-- stores: duckdb, timescaledb
-- order: total
SELECT status, error_code, count(*) AS transaction_count
FROM transactions
WHERE "timestamp" >= CAST($1 AS TIMESTAMPTZ) AND "timestamp" < CAST($2 AS TIMESTAMPTZ)
GROUP BY 1, 2
ORDER BY transaction_count DESC, status, error_code
