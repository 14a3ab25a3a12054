-- title: Mean time to resolve, week by week
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- needs: incident_metrics(time TIMESTAMPTZ, incident_id, resolution_time_minutes DOUBLE, status)
-- columns: week, incident_count, resolved_count, mean_time_to_resolve_minutes
-- stores: duckdb, timescaledb
-- order: total
-- Weeks begin on Monday. An incident counts in that of its last row; what is not resolved has no time to resolve.
SELECT time_bucket(INTERVAL '168 hours', time) AS week, count(*) AS incident_count,
    count(*) FILTER (WHERE status = 'resolved') AS resolved_count,
    avg(resolution_time_minutes) FILTER (WHERE status = 'resolved') AS mean_time_to_resolve_minutes
FROM (
    SELECT DISTINCT ON (incident_id) time, status, resolution_time_minutes
    FROM incident_metrics
    WHERE time >= CAST($1 AS TIMESTAMPTZ) AND time < CAST($2 AS TIMESTAMPTZ)
    ORDER BY incident_id, time DESC
) AS told
GROUP BY 1
ORDER BY 1
