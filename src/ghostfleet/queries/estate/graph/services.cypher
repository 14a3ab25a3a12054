// title: Services
// needs: Service(id, name, type, environment, status, version, region, criticality, replicas BIGINT, latency DOUBLE)
// needs: Service(cpu_request, memory_request)
// columns: id, name, type, environment, status, version, region, criticality, replicas, latency_ms, cpu_request
// columns: memory_request
// stores: ladybug, neo4j
// order: total
MATCH (s:Service)
RETURN s.id AS id, s.name AS name, s.type AS type, s.environment AS environment, s.status AS status,
    s.version AS version, s.region AS region, s.criticality AS criticality, s.replicas AS replicas,
    s.latency AS latency_ms, s.cpu_request AS cpu_request, s.memory_request AS memory_request
ORDER BY name, id
