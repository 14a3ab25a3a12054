-- title: Incidents by type, severity and status
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- window: 90 days of incident_metrics
-- needs: incident_metrics(time TIMESTAMPTZ, incident_id, incident_type, severity, status)
-- needs: incident_metrics(affected_users BIGINT, revenue_impact DOUBLE)
-- needs: incident_metrics(duration_minutes DOUBLE, detection_time_minutes DOUBLE, acknowledgment_time_minutes DOUBLE)
-- needs: incident_metrics(resolution_time_minutes DOUBLE, preventable BOOLEAN)
-- columns: incident_type, severity, status, incident_count, avg_duration_minutes, avg_detection_minutes
-- columns: avg_acknowledgment_minutes, avg_resolution_minutes, affected_users, revenue_impact, preventable_count
-- stores: duckdb, timescaledb
-- order: total
-- The last row of an incident in the window tells how it stands.
SELECT incident_type, severity, status, count(*) AS incident_count, avg(duration_minutes) AS avg_duration_minutes,
    avg(detection_time_minutes) AS avg_detection_minutes, avg(acknowledgment_time_minutes) AS avg_acknowledgment_minutes,
    avg(resolution_time_minutes) AS avg_resolution_minutes, CAST(sum(affected_users) AS BIGINT) AS affected_users,
    sum(revenue_impact) AS revenue_impact, count(*) FILTER (WHERE preventable) AS preventable_count
FROM (
    SELECT DISTINCT ON (incident_id) incident_type, severity, status, duration_minutes, detection_time_minutes,
        acknowledgment_time_minutes, resolution_time_minutes, affected_users, revenue_impact, preventable
    FROM incident_metrics
    WHERE time >= CAST($1 AS TIMESTAMPTZ) AND time < CAST($2 AS TIMESTAMPTZ)
    ORDER BY incident_id, time DESC
) AS told
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
