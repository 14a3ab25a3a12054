-- title: Resources that wasted money in the last seven days
-- about: EST-33
-- needs: cost_metrics(time TIMESTAMPTZ, resource_id, resource_type, resource_name, region, environment, daily_cost DOUBLE)
-- needs: cost_metrics(cost_center, estimated_waste DOUBLE, optimization_potential DOUBLE, rightsizing_recommendation)
-- order: monthly_waste_estimate DESC, resource_id
-- stores: duckdb, timescaledb
-- Seven days count back from the newest row. The monthly estimate is thirty average days (EST-33).
WITH recent AS (
    SELECT time, time_bucket(INTERVAL '24 hours', time) AS day, resource_id, resource_type, resource_name, region,
        environment, cost_center, daily_cost, estimated_waste, optimization_potential, rightsizing_recommendation
    FROM cost_metrics
    WHERE time > (SELECT max(time) FROM cost_metrics) - INTERVAL '168 hours'
), days AS (
    SELECT day, resource_id, resource_type, resource_name, region, environment, cost_center, avg(daily_cost) AS cost,
        avg(estimated_waste) AS waste, avg(optimization_potential) AS potential,
        max(rightsizing_recommendation) AS recommendation
    FROM recent
    GROUP BY 1, 2, 3, 4, 5, 6, 7
)
SELECT resource_id, resource_type, resource_name, region, environment, cost_center, avg(cost) AS avg_daily_cost,
    avg(waste) AS avg_daily_waste, avg(potential) AS avg_optimization_potential, avg(waste) * 30 AS monthly_waste_estimate,
    max(recommendation) AS rightsizing_recommendation
FROM days
GROUP BY 1, 2, 3, 4, 5, 6
HAVING avg(waste) > 0
