-- title: How each service did
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- window: 24 hours of system_metrics
-- needs: system_metrics(time TIMESTAMPTZ, service_name, cluster_name, region, environment, cpu_utilization DOUBLE)
-- needs: system_metrics(memory_utilization DOUBLE, response_time_ms DOUBLE, error_rate DOUBLE, request_count BIGINT)
-- needs: system_metrics(throughput_rps DOUBLE)
-- columns: service_name, cluster_name, region, environment, data_points, avg_cpu, max_cpu, avg_memory, max_memory
-- columns: avg_response_ms, max_response_ms, avg_error_rate, max_error_rate, total_requests, avg_throughput
-- stores: duckdb, timescaledb
-- order: total
SELECT service_name, cluster_name, region, environment, count(*) AS data_points,
    avg(cpu_utilization) AS avg_cpu, max(cpu_utilization) AS max_cpu,
    avg(memory_utilization) AS avg_memory, max(memory_utilization) AS max_memory,
    avg(response_time_ms) AS avg_response_ms, max(response_time_ms) AS max_response_ms,
    avg(error_rate) AS avg_error_rate, max(error_rate) AS max_error_rate,
    CAST(sum(request_count) AS BIGINT) AS total_requests, avg(throughput_rps) AS avg_throughput
FROM system_metrics
WHERE time >= CAST($1 AS TIMESTAMPTZ) AND time < CAST($2 AS TIMESTAMPTZ)
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
