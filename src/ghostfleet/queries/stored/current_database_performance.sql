-- title: How each database does now
-- about: EST-33
-- needs: database_metrics(time TIMESTAMPTZ, db_identifier, db_engine, instance_class, region, cpu_utilization DOUBLE)
-- needs: database_metrics(database_connections BIGINT, read_latency_ms DOUBLE, write_latency_ms DOUBLE)
-- needs: database_metrics(buffer_cache_hit_ratio DOUBLE)
-- order: db_identifier
-- stores: duckdb, timescaledb
-- Now is each database's newest row.
WITH ranked AS (
    SELECT time, db_identifier, db_engine, instance_class, region, cpu_utilization, database_connections, read_latency_ms,
        write_latency_ms, buffer_cache_hit_ratio, row_number() OVER (PARTITION BY db_identifier ORDER BY time DESC) AS age
    FROM database_metrics
)
SELECT db_identifier, db_engine, instance_class, region, time, cpu_utilization, database_connections, read_latency_ms,
    write_latency_ms, buffer_cache_hit_ratio,
    CASE WHEN cpu_utilization > 80 OR read_latency_ms > 100 THEN 'critical'
        WHEN cpu_utilization > 60 OR read_latency_ms > 50 THEN 'warning' ELSE 'normal' END AS performance_status
FROM ranked
WHERE age = 1
