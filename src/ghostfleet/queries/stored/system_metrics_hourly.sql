-- title: How each service did, hour by hour
-- about: EST-31
-- needs: system_metrics(time TIMESTAMPTZ, service_name, cluster_name, region, environment, cpu_utilization DOUBLE)
-- needs: system_metrics(memory_utilization DOUBLE, response_time_ms DOUBLE, error_rate DOUBLE, request_count BIGINT)
-- order: hour, service_name, cluster_name
-- stores: duckdb, timescaledb
SELECT time_bucket(INTERVAL '1 hour', time) AS hour, service_name, cluster_name, region, environment,
    count(*) AS data_points,
    avg(cpu_utilization) AS avg_cpu, max(cpu_utilization) AS max_cpu,
    avg(memory_utilization) AS avg_memory, max(memory_utilization) AS max_memory,
    avg(response_time_ms) AS avg_response_ms, max(response_time_ms) AS max_response_ms,
    avg(error_rate) AS avg_error_rate, max(error_rate) AS max_error_rate,
    CAST(sum(request_count) AS BIGINT) AS total_requests
FROM system_metrics
GROUP BY 1, 2, 3, 4, 5
