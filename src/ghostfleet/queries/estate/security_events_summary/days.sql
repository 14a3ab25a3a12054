-- title: Security events day by day
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- needs: security_events(time TIMESTAMPTZ, severity, status)
-- optional: security_incidents(time TIMESTAMPTZ, severity, status)
-- columns: day, event_count, critical_count, high_count, resolved_count
-- stores: duckdb, timescaledb
-- order: total
SELECT time_bucket(INTERVAL '24 hours', time) AS day, count(*) AS event_count,
    count(*) FILTER (WHERE severity = 'critical') AS critical_count, count(*) FILTER (WHERE severity = 'high') AS high_count,
    count(*) FILTER (WHERE status = 'resolved') AS resolved_count
FROM (
    SELECT time, severity, status FROM security_events
    UNION ALL
    SELECT time, severity, status FROM security_incidents
) AS events
WHERE time >= CAST($1 AS TIMESTAMPTZ) AND time < CAST($2 AS TIMESTAMPTZ)
GROUP BY 1
ORDER BY 1
