-- title: Root causes of incidents
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- needs: incident_metrics(time TIMESTAMPTZ, incident_id, root_cause_category, revenue_impact DOUBLE, preventable BOOLEAN)
-- columns: root_cause_category, incident_count, preventable_count, revenue_impact
-- stores: duckdb, timescaledb
-- order: total
-- The last row of an incident in the window tells how it stands.
SELECT root_cause_category, count(*) AS incident_count, count(*) FILTER (WHERE preventable) AS preventable_count,
    sum(revenue_impact) AS revenue_impact
FROM (
    SELECT DISTINCT ON (incident_id) root_cause_category, preventable, revenue_impact
    FROM incident_metrics
    WHERE time >= CAST($1 AS TIMESTAMPTZ) AND time < CAST($2 AS TIMESTAMPTZ)
    ORDER BY incident_id, time DESC
) AS told
GROUP BY 1
ORDER BY incident_count DESC, root_cause_category NULLS LAST
