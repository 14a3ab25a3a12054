// title: Databases that the services of an application ask
// params: app_name VARCHAR
// needs: Application(id, name), Service(id, name), USES, QUERIES
// optional: RDSInstance(id, name, kind, status, region, cost_monthly DOUBLE)
// optional: EC2Instance(id, name, kind, status, region, cost_monthly DOUBLE)
// columns: id, name, kind, status, region, cost_monthly
// stores: ladybug, neo4j
// order: total
MATCH (a:Application)-[:USES]->(s:Service)
MATCH (s)-[:QUERIES]->(d)
WHERE a.name = $app_name
RETURN DISTINCT d.id AS id, d.name AS name, d.kind AS kind, d.status AS status, d.region AS region,
    d.cost_monthly AS cost_monthly
ORDER BY name, id
