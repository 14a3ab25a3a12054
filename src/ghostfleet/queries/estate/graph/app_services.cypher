// title: Services that an application uses
// params: app_name VARCHAR
// needs: Application(id, name), Service(id, name, type, status, version, criticality, replicas BIGINT, cpu_usage DOUBLE)
// needs: Service(memory_usage DOUBLE, latency DOUBLE), USES
// columns: id, name, kind, type, status, version, criticality, replicas, cpu_percent, memory_percent, latency_ms
// stores: ladybug, neo4j
// order: total
MATCH (a:Application)-[:USES]->(s:Service)
WHERE a.name = $app_name
RETURN DISTINCT s.id AS id, s.name AS name, s.kind AS kind, s.type AS type, s.status AS status, s.version AS version,
    s.criticality AS criticality, s.replicas AS replicas, s.cpu_usage AS cpu_percent, s.memory_usage AS memory_percent,
    s.latency AS latency_ms
ORDER BY name, id
