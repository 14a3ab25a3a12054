-- title: What each resource costs and wastes on an average day
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- needs: cost_metrics(time TIMESTAMPTZ, resource_id, resource_type, resource_name, region, environment, daily_cost DOUBLE)
-- needs: cost_metrics(estimated_waste DOUBLE, optimization_potential DOUBLE, rightsizing_recommendation)
-- columns: resource_id, resource_type, resource_name, region, environment, avg_daily_cost, avg_daily_waste
-- columns: avg_optimization_potential, rightsizing_recommendation
-- stores: duckdb, timescaledb
-- order: total
WITH days AS (
    SELECT time_bucket(INTERVAL '24 hours', time) AS day, resource_id, resource_type, resource_name, region, environment,
        avg(daily_cost) AS cost, avg(estimated_waste) AS waste, avg(optimization_potential) AS potential,
        max(rightsizing_recommendation) AS recommendation
    FROM cost_metrics
    WHERE time >= CAST($1 AS TIMESTAMPTZ) AND time < CAST($2 AS TIMESTAMPTZ)
    GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT resource_id, resource_type, resource_name, region, environment, avg(cost) AS avg_daily_cost,
    avg(waste) AS avg_daily_waste, avg(potential) AS avg_optimization_potential,
    max(recommendation) AS rightsizing_recommendation
FROM days
GROUP BY 1, 2, 3, 4, 5
ORDER BY avg_daily_waste DESC NULLS LAST, resource_id
