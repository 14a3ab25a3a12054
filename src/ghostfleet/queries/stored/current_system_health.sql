-- title: How each service does now
-- about: EST-33
-- needs: system_metrics(time TIMESTAMPTZ, service_name, cluster_name, region, environment, cpu_utilization DOUBLE)
-- needs: system_metrics(memory_utilization DOUBLE, response_time_ms DOUBLE, error_rate DOUBLE)
-- order: service_name, cluster_name
-- stores: duckdb, timescaledb
-- Now is each service's newest row.
WITH ranked AS (
    SELECT time, service_name, cluster_name, region, environment, cpu_utilization, memory_utilization, response_time_ms,
        error_rate, row_number() OVER (PARTITION BY service_name, cluster_name ORDER BY time DESC) AS age
    FROM system_metrics
)
SELECT service_name, cluster_name, region, environment, time, cpu_utilization, memory_utilization, response_time_ms,
    error_rate,
    CASE WHEN error_rate > 5 OR response_time_ms > 2000 THEN 'unhealthy'
        WHEN error_rate > 1 OR response_time_ms > 1000 THEN 'degraded' ELSE 'healthy' END AS health_status
FROM ranked
WHERE age = 1
