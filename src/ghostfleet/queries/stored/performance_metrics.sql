-- title: How services and databases do, side by side
-- needs: system_metrics(time TIMESTAMPTZ, service_name, region, cpu_utilization DOUBLE, response_time_ms DOUBLE)
-- needs: system_metrics(active_connections BIGINT)
-- needs: database_metrics(time TIMESTAMPTZ, db_identifier, region, cpu_utilization DOUBLE, read_latency_ms DOUBLE)
-- needs: database_metrics(database_connections BIGINT)
-- order: time, entity_type, entity_name
-- stores: duckdb, timescaledb
-- The time of a service is its median response, that of a database its mean read.
SELECT time, 'Service' AS entity_type, service_name AS entity_name, region, cpu_utilization, response_time_ms AS latency_ms,
    active_connections AS connections
FROM system_metrics
UNION ALL
SELECT time, 'Database' AS entity_type, db_identifier AS entity_name, region, cpu_utilization, read_latency_ms AS latency_ms,
    database_connections AS connections
FROM database_metrics
