-- title: Resources with most security events
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- needs: security_events(time TIMESTAMPTZ, event_id, resource_id, resource_type, severity, status, cvss_score DOUBLE)
-- optional: security_incidents(time TIMESTAMPTZ, event_id, resource_id, resource_type, severity, status, cvss_score DOUBLE)
-- columns: resource_id, resource_type, event_count, critical_count, open_count, max_cvss_score
-- stores: duckdb, timescaledb
-- order: total
-- The last row of an event in the window tells how it stands.
SELECT resource_id, resource_type, count(*) AS event_count,
    count(*) FILTER (WHERE severity = 'critical') AS critical_count,
    count(*) FILTER (WHERE status <> 'resolved') AS open_count, max(cvss_score) AS max_cvss_score
FROM (
    SELECT DISTINCT ON (event_id) resource_id, resource_type, severity, status, cvss_score
    FROM (
        SELECT time, event_id, resource_id, resource_type, severity, status, cvss_score FROM security_events
        UNION ALL
        SELECT time, event_id, resource_id, resource_type, severity, status, cvss_score FROM security_incidents
    ) AS events
    WHERE time >= CAST($1 AS TIMESTAMPTZ) AND time < CAST($2 AS TIMESTAMPTZ)
    ORDER BY event_id, time DESC
) AS told
GROUP BY 1, 2
ORDER BY event_count DESC, critical_count DESC, resource_id, resource_type
LIMIT 20
