-- title: How each application does, over the services that it uses
-- needs: system_metrics(time TIMESTAMPTZ, service_name, cpu_utilization DOUBLE, memory_utilization DOUBLE)
-- needs: system_metrics(request_count BIGINT, response_time_ms DOUBLE, error_rate DOUBLE)
-- needs: Application(id, name), Service(id, name), USES(from_id, to_id)
-- order: time, application
-- stores: duckdb, timescaledb
-- Response and errors are weighted by requests. A service that several applications use counts for each of them.
SELECT metrics.time, "Application".name AS application, count(*) AS services,
    CAST(sum(metrics.request_count) AS BIGINT) AS total_requests,
    avg(metrics.cpu_utilization) AS avg_cpu, avg(metrics.memory_utilization) AS avg_memory,
    sum(metrics.response_time_ms * metrics.request_count)
        / NULLIF(CAST(sum(CASE WHEN metrics.response_time_ms IS NOT NULL THEN metrics.request_count END) AS DOUBLE PRECISION), 0)
        AS weighted_response_ms,
    sum(metrics.error_rate * metrics.request_count)
        / NULLIF(CAST(sum(CASE WHEN metrics.error_rate IS NOT NULL THEN metrics.request_count END) AS DOUBLE PRECISION), 0)
        AS weighted_error_rate
FROM "USES"
JOIN "Application" ON "Application".id = "USES".from_id
JOIN "Service" ON "Service".id = "USES".to_id
JOIN system_metrics AS metrics ON metrics.service_name = "Service".name
GROUP BY 1, 2
