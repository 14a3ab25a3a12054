-- title: Value by category and type
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- window: 90 days of business_value_metrics
-- needs: business_value_metrics(time TIMESTAMPTZ, metric_type, category, cost_savings_usd DOUBLE)
-- needs: business_value_metrics(time_savings_hours DOUBLE, efficiency_gain_percent DOUBLE, risk_reduction_score DOUBLE)
-- columns: category, metric_type, data_points, total_cost_savings_usd, total_time_savings_hours
-- columns: avg_efficiency_gain_percent, avg_risk_reduction_score, efficiency_points
-- stores: duckdb, timescaledb
-- order: total
SELECT category, metric_type, count(*) AS data_points, sum(cost_savings_usd) AS total_cost_savings_usd,
    sum(time_savings_hours) AS total_time_savings_hours, avg(efficiency_gain_percent) AS avg_efficiency_gain_percent,
    avg(risk_reduction_score) AS avg_risk_reduction_score, count(efficiency_gain_percent) AS efficiency_points
FROM business_value_metrics
WHERE time >= CAST($1 AS TIMESTAMPTZ) AND time < CAST($2 AS TIMESTAMPTZ)
GROUP BY 1, 2
ORDER BY 1, 2
