-- title: Security events by severity, type and status
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- window: 30 days of security_events and security_incidents
-- needs: security_events(time TIMESTAMPTZ, event_id, severity, event_type, status, cvss_score DOUBLE)
-- needs: security_events(business_impact_score DOUBLE, resolution_time_hours DOUBLE)
-- optional: security_incidents(time TIMESTAMPTZ, event_id, severity, event_type, status, cvss_score DOUBLE)
-- optional: security_incidents(business_impact_score DOUBLE, resolution_time_hours DOUBLE)
-- columns: severity, event_type, status, event_count, avg_cvss_score, avg_business_impact, avg_resolution_hours
-- stores: duckdb, timescaledb
-- order: total
-- The last row of an event in the window tells how it stands.
SELECT severity, event_type, status, count(*) AS event_count, avg(cvss_score) AS avg_cvss_score,
    avg(business_impact_score) AS avg_business_impact, avg(resolution_time_hours) AS avg_resolution_hours
FROM (
    SELECT DISTINCT ON (event_id) severity, event_type, status, cvss_score, business_impact_score, resolution_time_hours
    FROM (
        SELECT time, event_id, severity, event_type, status, cvss_score, business_impact_score, resolution_time_hours
        FROM security_events
        UNION ALL
        SELECT time, event_id, severity, event_type, status, cvss_score, business_impact_score, resolution_time_hours
        FROM security_incidents
    ) AS events
    WHERE time >= CAST($1 AS TIMESTAMPTZ) AND time < CAST($2 AS TIMESTAMPTZ)
    ORDER BY event_id, time DESC
) AS told
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
