-- title: What resources cost, day by day
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- window: 30 days of cost_metrics
-- needs: cost_metrics(time TIMESTAMPTZ, resource_id, resource_type, region, environment, daily_cost DOUBLE)
-- needs: cost_metrics(estimated_waste DOUBLE)
-- columns: day, resource_type, region, environment, total_cost, total_waste, resource_count
-- stores: duckdb, timescaledb
-- order: total
-- Each row states a cost of a whole day: the rows of a resource and day are averaged before resources are added.
WITH resources AS (
    SELECT time_bucket(INTERVAL '24 hours', time) AS day, resource_id, resource_type, region, environment,
        avg(daily_cost) AS cost, avg(estimated_waste) AS waste
    FROM cost_metrics
    WHERE time >= CAST($1 AS TIMESTAMPTZ) AND time < CAST($2 AS TIMESTAMPTZ)
    GROUP BY 1, 2, 3, 4, 5
)
SELECT day, resource_type, region, environment, sum(cost) AS total_cost, sum(waste) AS total_waste,
    count(DISTINCT resource_id) AS resource_count
FROM resources
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
