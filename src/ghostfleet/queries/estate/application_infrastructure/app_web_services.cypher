// title: Web services of an application
// params: app_name VARCHAR
// needs: Application(id, name), HAS_FRONTEND
// needs: WebService(id, name, kind, status, cost_monthly DOUBLE, cpu_utilization DOUBLE, memory_utilization DOUBLE)
// needs: WebService(response_time_ms DOUBLE, error_rate DOUBLE, request_count BIGINT)
// columns: id, name, kind, status, cost_monthly, cpu_percent, memory_percent, response_time_ms, error_rate, request_count
// stores: ladybug, neo4j
// order: total
MATCH (a:Application)-[:HAS_FRONTEND]->(w:WebService)
WHERE a.name = $app_name
RETURN DISTINCT w.id AS id, w.name AS name, w.kind AS kind, w.status AS status, w.cost_monthly AS cost_monthly,
    w.cpu_utilization AS cpu_percent, w.memory_utilization AS memory_percent, w.response_time_ms AS response_time_ms,
    w.error_rate AS error_rate, w.request_count AS request_count
ORDER BY name, id
