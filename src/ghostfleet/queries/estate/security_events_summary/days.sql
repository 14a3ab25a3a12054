-- title: Security events day by day
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- needs: security_events(time TIMESTAMPTZ, event_id, severity, status)
-- optional: security_incidents(time TIMESTAMPTZ, event_id, severity, status)
-- columns: day, event_count, critical_count, high_count, resolved_count
-- stores: duckdb, timescaledb
-- order: total
-- The last row of an event in the window tells how it stands; it counts on the day of its first one there.
SELECT time_bucket(INTERVAL '24 hours', since) AS day, count(*) AS event_count,
    count(*) FILTER (WHERE severity = 'critical') AS critical_count, count(*) FILTER (WHERE severity = 'high') AS high_count,
    count(*) FILTER (WHERE status = 'resolved') AS resolved_count
FROM (
    SELECT DISTINCT ON (event_id) severity, status, min(time) OVER (PARTITION BY event_id) AS since
    FROM (
        SELECT time, event_id, severity, status FROM security_events
        UNION ALL
        SELECT time, event_id, severity, status FROM security_incidents
    ) AS events
    WHERE time >= CAST($1 AS TIMESTAMPTZ) AND time < CAST($2 AS TIMESTAMPTZ)
    ORDER BY event_id, time DESC
) AS told
GROUP BY 1
ORDER BY 1
