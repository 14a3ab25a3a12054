-- title: What each kind of resource cost, day by day
-- about: EST-31
-- needs: cost_metrics(time TIMESTAMPTZ, resource_id, resource_type, region, environment, cost_center, daily_cost DOUBLE)
-- needs: cost_metrics(estimated_waste DOUBLE)
-- order: day, resource_type, region, environment, cost_center
-- stores: duckdb, timescaledb
-- Each row states a cost of a whole day: the rows of a resource and day are averaged before resources are added, and the
-- first and the last day count as far as rows tell of them, the last row for as long as lies between two.
WITH extent AS (
    SELECT min(time) AS since, max(time) + coalesce(min(gap), INTERVAL '24 hours') AS until
    FROM (SELECT time, time - lag(time) OVER (ORDER BY time) AS gap FROM (SELECT DISTINCT time FROM cost_metrics) AS times) AS gaps
), resources AS (
    SELECT time_bucket(INTERVAL '24 hours', time) AS day, resource_id, resource_type, region, environment, cost_center,
        avg(daily_cost) AS cost, avg(estimated_waste) AS waste
    FROM cost_metrics
    GROUP BY 1, 2, 3, 4, 5, 6
), days AS (
    SELECT *, extract(epoch FROM least(day + INTERVAL '24 hours', until) - greatest(day, since)) / 86400.0 AS day_share
    FROM resources CROSS JOIN extent
)
SELECT day, resource_type, region, environment, cost_center, sum(cost * day_share) AS total_cost, avg(cost) AS avg_cost,
    sum(waste * day_share) AS total_waste, count(DISTINCT resource_id) AS resource_count
FROM days
GROUP BY 1, 2, 3, 4, 5
