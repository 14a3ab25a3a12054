// title: Clusters that the services of an application run on
// params: app_name VARCHAR
// needs: Application(id, name), Service(id, name), USES, DEPLOYED_ON
// needs: EKSCluster(id, name, kind, status, region, cost_monthly DOUBLE, total_nodes BIGINT)
// columns: id, name, kind, status, region, cost_monthly, total_nodes
// stores: ladybug, neo4j
// order: total
MATCH (a:Application)-[:USES]->(s:Service)
MATCH (s)-[:DEPLOYED_ON]->(c:EKSCluster)
WHERE a.name = $app_name
RETURN DISTINCT c.id AS id, c.name AS name, c.kind AS kind, c.status AS status, c.region AS region,
    c.cost_monthly AS cost_monthly, c.total_nodes AS total_nodes
ORDER BY name, id
