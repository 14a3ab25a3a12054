-- title: How each database did
-- params: start TIMESTAMPTZ, end TIMESTAMPTZ
-- window: 24 hours of database_metrics
-- needs: database_metrics(time TIMESTAMPTZ, db_identifier, db_engine, instance_class, region, cpu_utilization DOUBLE)
-- needs: database_metrics(database_connections BIGINT, read_latency_ms DOUBLE, write_latency_ms DOUBLE)
-- needs: database_metrics(buffer_cache_hit_ratio DOUBLE, slow_queries BIGINT, deadlocks BIGINT)
-- columns: db_identifier, db_engine, instance_class, region, data_points, avg_cpu, max_cpu, avg_connections
-- columns: max_connections, avg_read_latency_ms, avg_write_latency_ms, avg_cache_hit_ratio, slow_queries, deadlocks
-- stores: duckdb, timescaledb
-- order: total
SELECT db_identifier, db_engine, instance_class, region, count(*) AS data_points,
    avg(cpu_utilization) AS avg_cpu, max(cpu_utilization) AS max_cpu,
    CAST(avg(database_connections) AS DOUBLE PRECISION) AS avg_connections, max(database_connections) AS max_connections,
    avg(read_latency_ms) AS avg_read_latency_ms, avg(write_latency_ms) AS avg_write_latency_ms,
    avg(buffer_cache_hit_ratio) AS avg_cache_hit_ratio,
    CAST(sum(slow_queries) AS BIGINT) AS slow_queries, CAST(sum(deadlocks) AS BIGINT) AS deadlocks
FROM database_metrics
WHERE time >= CAST($1 AS TIMESTAMPTZ) AND time < CAST($2 AS TIMESTAMPTZ)
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
