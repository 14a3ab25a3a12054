// title: Managed databases
// needs: RDSInstance(id, name, kind, engine, engine_version, instance_class, status, region, allocated_storage BIGINT)
// needs: RDSInstance(cost_monthly DOUBLE, environment)
// columns: id, name, kind, engine, engine_version, instance_class, status, region, storage_gb, cost_monthly, environment
// stores: ladybug, neo4j
// order: total
MATCH (d:RDSInstance)
RETURN d.id AS id, d.name AS name, d.kind AS kind, d.engine AS engine, d.engine_version AS engine_version,
    d.instance_class AS instance_class, d.status AS status, d.region AS region, d.allocated_storage AS storage_gb,
    d.cost_monthly AS cost_monthly, d.environment AS environment
ORDER BY cost_monthly DESC, name
