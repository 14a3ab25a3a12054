-- title: What resources cost, day by day
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- window: 30 days of cost_metrics
-- needs: cost_metrics(time TIMESTAMPTZ, resource_id, resource_type, region, environment, daily_cost DOUBLE)
-- needs: cost_metrics(estimated_waste DOUBLE)
-- columns: day, day_share, resource_type, region, environment, total_cost, total_waste, resource_count
-- stores: duckdb, timescaledb
-- order: total
-- Each row states a cost of a whole day: the rows of a resource and day are averaged before resources are added, and the
-- first and the last day count as far as rows tell of them, the last row for as long as lies between two.
WITH rows_asked AS (
    SELECT *, time_bucket(INTERVAL '24 hours', time) AS day
    FROM cost_metrics
    WHERE time >= CAST($1 AS TIMESTAMPTZ) AND time < CAST($2 AS TIMESTAMPTZ)
), steps AS (
    SELECT coalesce(min(gap), INTERVAL '24 hours') AS step
    FROM (SELECT time - lag(time) OVER (ORDER BY time) AS gap FROM (SELECT DISTINCT time FROM cost_metrics) AS times) AS gaps
), extent AS (
    SELECT min(time) AS since, max(time) + min(step) AS until FROM rows_asked CROSS JOIN steps
), days AS (
    SELECT day, extract(epoch FROM least(day + INTERVAL '24 hours', until) - greatest(day, since)) / 86400.0 AS day_share
    FROM (SELECT DISTINCT day FROM rows_asked) AS each_day CROSS JOIN extent
), resources AS (
    SELECT day, resource_id, resource_type, region, environment, avg(daily_cost) AS cost, avg(estimated_waste) AS waste
    FROM rows_asked
    GROUP BY 1, 2, 3, 4, 5
)
SELECT day, day_share, resource_type, region, environment, sum(cost) * day_share AS total_cost,
    sum(waste) * day_share AS total_waste, count(DISTINCT resource_id) AS resource_count
FROM resources JOIN days USING (day)
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1, 3, 4, 5
