-- title: Times at which value was reported
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- needs: business_value_metrics(time TIMESTAMPTZ)
-- columns: time
-- stores: duckdb, timescaledb
-- order: total
SELECT DISTINCT time
FROM business_value_metrics
WHERE time >= CAST($1 AS TIMESTAMPTZ) AND time < CAST($2 AS TIMESTAMPTZ)
ORDER BY 1
