-- title: What each kind of resource cost, day by day
-- about: EST-31
-- needs: cost_metrics(time TIMESTAMPTZ, resource_id, resource_type, region, environment, cost_center, daily_cost DOUBLE)
-- needs: cost_metrics(estimated_waste DOUBLE)
-- order: day, resource_type, region, environment, cost_center
-- stores: duckdb, timescaledb
-- Each row states a cost of a whole day: the rows of a resource and day are averaged before resources are added.
WITH resources AS (
    SELECT time_bucket(INTERVAL '24 hours', time) AS day, resource_id, resource_type, region, environment, cost_center,
        avg(daily_cost) AS cost, avg(estimated_waste) AS waste
    FROM cost_metrics
    GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT day, resource_type, region, environment, cost_center,
    sum(cost) AS total_cost, avg(cost) AS avg_cost, sum(waste) AS total_waste, count(DISTINCT resource_id) AS resource_count
FROM resources
GROUP BY 1, 2, 3, 4, 5
