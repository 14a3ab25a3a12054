// title: Balancers in front of an application
// params: app_name VARCHAR
// needs: Application(id, name), WebService(id, name), HAS_FRONTEND, ROUTES_TO
// needs: LoadBalancer(id, name, kind, state, cost_monthly DOUBLE, request_count BIGINT, targets_healthy BIGINT)
// needs: LoadBalancer(targets_total BIGINT)
// columns: id, name, kind, status, cost_monthly, request_count, targets_healthy, targets_total
// stores: ladybug, neo4j
// order: total
MATCH (a:Application)-[:HAS_FRONTEND]->(w:WebService)
MATCH (l:LoadBalancer)-[:ROUTES_TO]->(w)
WHERE a.name = $app_name
RETURN DISTINCT l.id AS id, l.name AS name, l.kind AS kind, l.state AS status, l.cost_monthly AS cost_monthly,
    l.request_count AS request_count, l.targets_healthy AS targets_healthy, l.targets_total AS targets_total
ORDER BY name, id
