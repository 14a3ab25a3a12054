-- title: A service in steps of five minutes
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ, service VARCHAR, cluster VARCHAR = null
-- window: 24 hours of system_metrics
-- needs: system_metrics(time TIMESTAMPTZ, service_name, cluster_name, cpu_utilization DOUBLE, memory_utilization DOUBLE)
-- needs: system_metrics(response_time_ms DOUBLE, error_rate DOUBLE, throughput_rps DOUBLE, request_count BIGINT)
-- needs: system_metrics(active_connections BIGINT)
-- columns: bucket, cpu, memory, response_ms, error_rate, throughput, requests, connections, data_points
-- stores: duckdb, timescaledb
-- order: total
-- Without a cluster: all clusters that the service runs on.
SELECT time_bucket(INTERVAL '5 minutes', time) AS bucket, avg(cpu_utilization) AS cpu, avg(memory_utilization) AS memory,
    avg(response_time_ms) AS response_ms, avg(error_rate) AS error_rate, avg(throughput_rps) AS throughput,
    CAST(sum(request_count) AS BIGINT) AS requests,
    CAST(avg(active_connections) AS DOUBLE PRECISION) AS connections, count(*) AS data_points
FROM system_metrics
WHERE time >= CAST($1 AS TIMESTAMPTZ) AND time < CAST($2 AS TIMESTAMPTZ) AND service_name = CAST($3 AS VARCHAR)
    AND (CAST($4 AS VARCHAR) IS NULL OR cluster_name = CAST($4 AS VARCHAR))
GROUP BY 1
ORDER BY 1
