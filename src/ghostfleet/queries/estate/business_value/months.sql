-- title: Value month by month
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- needs: business_value_metrics(time TIMESTAMPTZ, cost_savings_usd DOUBLE, time_savings_hours DOUBLE)
-- needs: business_value_metrics(efficiency_gain_percent DOUBLE)
-- columns: month, data_points, total_cost_savings_usd, total_time_savings_hours, avg_efficiency_gain_percent
-- stores: duckdb, timescaledb
-- order: total
SELECT date_trunc('month', time) AS month, count(*) AS data_points, sum(cost_savings_usd) AS total_cost_savings_usd,
    sum(time_savings_hours) AS total_time_savings_hours, avg(efficiency_gain_percent) AS avg_efficiency_gain_percent
FROM business_value_metrics
WHERE time >= CAST($1 AS TIMESTAMPTZ) AND time < CAST($2 AS TIMESTAMPTZ)
GROUP BY 1
ORDER BY 1
