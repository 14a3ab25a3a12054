-- title: What initiatives were worth, week by week
-- about: EST-31
-- needs: business_value_metrics(time TIMESTAMPTZ, metric_type, category, region, team, cost_savings_usd DOUBLE)
-- needs: business_value_metrics(time_savings_hours DOUBLE, efficiency_gain_percent DOUBLE, risk_reduction_score DOUBLE)
-- order: week, metric_type, category, region, team
-- stores: duckdb, timescaledb
-- Weeks begin on Monday.
SELECT time_bucket(INTERVAL '168 hours', time) AS week, metric_type, category, region, team, count(*) AS data_points,
    sum(cost_savings_usd) AS total_cost_savings_usd, sum(time_savings_hours) AS total_time_savings_hours,
    avg(efficiency_gain_percent) AS avg_efficiency_gain_percent, avg(risk_reduction_score) AS avg_risk_reduction_score
FROM business_value_metrics
GROUP BY 1, 2, 3, 4, 5
