-- title: Root causes of incidents
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- needs: incident_metrics(time TIMESTAMPTZ, root_cause_category, revenue_impact DOUBLE, preventable BOOLEAN)
-- columns: root_cause_category, incident_count, preventable_count, revenue_impact
-- stores: duckdb, timescaledb
-- order: total
SELECT root_cause_category, count(*) AS incident_count, count(*) FILTER (WHERE preventable) AS preventable_count,
    sum(revenue_impact) AS revenue_impact
FROM incident_metrics
WHERE time >= CAST($1 AS TIMESTAMPTZ) AND time < CAST($2 AS TIMESTAMPTZ)
GROUP BY 1
ORDER BY incident_count DESC, root_cause_category NULLS LAST
