-- title: Events by class of status and severity
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- needs: events(timestamp TIMESTAMPTZ, severity, metrics_status_code BIGINT)
-- columns: status_class, severity, event_count
-- stores: duckdb, timescaledb
-- order: total
SELECT CASE WHEN metrics_status_code < 300 THEN '2xx' WHEN metrics_status_code < 400 THEN '3xx'
        WHEN metrics_status_code < 500 THEN '4xx' ELSE '5xx' END AS status_class,
    severity, count(*) AS event_count
FROM events
WHERE "timestamp" >= CAST($1 AS TIMESTAMPTZ) AND "timestamp" < CAST($2 AS TIMESTAMPTZ)
GROUP BY 1, 2
ORDER BY 1, 2
