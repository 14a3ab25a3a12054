-- title: What resources cost a day, by type over time, and how much of it is wasted
-- columns: time, resource_type, usd_per_day, waste_usd_per_day
-- needs: cost_metrics(time TIMESTAMPTZ, resource_id, resource_type, daily_cost DOUBLE, estimated_waste DOUBLE)
-- Each row states the cost of a whole day: the rows of a resource are averaged before resources are added.
WITH span AS (
    SELECT CASE WHEN max(time) - min(time) < INTERVAL '240 hours' THEN INTERVAL '1 hour' ELSE INTERVAL '24 hours' END AS step
    FROM cost_metrics
), resources AS (
    SELECT time_bucket(step, time) AS time, resource_type, resource_id, avg(daily_cost) AS cost, avg(estimated_waste) AS waste
    FROM cost_metrics
    CROSS JOIN span
    GROUP BY 1, 2, 3
), shown AS (
    SELECT time, resource_type, sum(cost) AS usd_per_day, sum(waste) AS waste FROM resources GROUP BY 1, 2
), places AS (
    SELECT resource_type, avg(usd_per_day) AS mean FROM shown GROUP BY 1
)
SELECT time, resource_type, usd_per_day, sum(waste) OVER (PARTITION BY time) AS waste_usd_per_day
FROM shown
JOIN places USING (resource_type)
ORDER BY mean DESC NULLS LAST, resource_type, time
