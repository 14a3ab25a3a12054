-- title: What each cost centre pays a day, and how much of it is wasted
-- columns: cost_center, part, usd_per_day
-- needs: cost_metrics(time TIMESTAMPTZ, resource_id, resource_type, cost_center, daily_cost DOUBLE, estimated_waste DOUBLE)
-- optional: Service(domain, cost_center)
-- A centre is called by the domains of its services, or else by the types of its resources.
WITH days AS (
    SELECT time_bucket(INTERVAL '24 hours', time) AS day, cost_center, resource_id, resource_type, avg(daily_cost) AS cost,
        avg(estimated_waste) AS waste
    FROM cost_metrics
    GROUP BY 1, 2, 3, 4
), resources AS (
    SELECT cost_center, resource_id, resource_type, avg(cost) AS cost, avg(waste) AS waste FROM days GROUP BY 1, 2, 3
), centres AS (
    SELECT cost_center, string_agg(DISTINCT resource_type, ', ' ORDER BY resource_type) AS types, sum(cost) AS cost,
        sum(waste) AS waste
    FROM resources
    GROUP BY 1
), domains AS (
    SELECT CAST(cost_center AS VARCHAR) AS cost_center,
        string_agg(DISTINCT CAST(domain AS VARCHAR), ', ' ORDER BY CAST(domain AS VARCHAR)) AS domains
    FROM "Service"
    GROUP BY 1
)
SELECT concat(centres.cost_center, ' ', coalesce(domains, types)) AS cost_center, part,
    CASE part WHEN 'waste' THEN waste ELSE cost - waste END AS usd_per_day
FROM centres
LEFT JOIN domains ON centres.cost_center = domains.cost_center
CROSS JOIN (VALUES ('in use'), ('waste')) AS parts (part)
ORDER BY cost DESC NULLS LAST, centres.cost_center, part
