-- title: Initiatives that saved most
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- needs: business_value_metrics(time TIMESTAMPTZ, initiative_name, category, team, cost_savings_usd DOUBLE)
-- needs: business_value_metrics(time_savings_hours DOUBLE)
-- columns: initiative_name, category, team, data_points, total_cost_savings_usd, total_time_savings_hours
-- stores: duckdb, timescaledb
-- order: total
SELECT initiative_name, category, team, count(*) AS data_points, sum(cost_savings_usd) AS total_cost_savings_usd,
    sum(time_savings_hours) AS total_time_savings_hours
FROM business_value_metrics
WHERE time >= CAST($1 AS TIMESTAMPTZ) AND time < CAST($2 AS TIMESTAMPTZ)
GROUP BY 1, 2, 3
ORDER BY total_cost_savings_usd DESC NULLS LAST, total_time_savings_hours DESC NULLS LAST, initiative_name, category, team
LIMIT 20
