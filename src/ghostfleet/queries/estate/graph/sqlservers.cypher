// title: Machines with SQL Server
// needs: EC2Instance(id, name, kind, sqlserver_edition, sqlserver_version, instance_type, status, region)
// needs: EC2Instance(storage_gb BIGINT, cost_monthly DOUBLE, environment, cpu_utilization DOUBLE, memory_utilization DOUBLE)
// columns: id, name, kind, edition, engine_version, instance_class, status, region, storage_gb, cost_monthly
// columns: environment, cpu_utilization, memory_utilization
// stores: ladybug, neo4j
// order: total
MATCH (m:EC2Instance)
WHERE m.sqlserver_edition IS NOT NULL
RETURN m.id AS id, m.name AS name, m.kind AS kind, m.sqlserver_edition AS edition,
    m.sqlserver_version AS engine_version, m.instance_type AS instance_class, m.status AS status, m.region AS region,
    m.storage_gb AS storage_gb, m.cost_monthly AS cost_monthly, m.environment AS environment,
    m.cpu_utilization AS cpu_utilization, m.memory_utilization AS memory_utilization
ORDER BY cost_monthly DESC, name
