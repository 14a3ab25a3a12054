// title: Machines that hold a database of an application
// params: app_name VARCHAR
// needs: EC2Instance(id, name, kind, status, region, cost_monthly DOUBLE), Application(id, name), HOSTS_DATABASE_FOR
// needs: EC2Instance(cpu_utilization DOUBLE, memory_utilization DOUBLE)
// columns: id, name, kind, status, region, cost_monthly, cpu_percent, memory_percent
// stores: ladybug, neo4j
// order: total
MATCH (m:EC2Instance)-[:HOSTS_DATABASE_FOR]->(a:Application)
WHERE a.name = $app_name
RETURN DISTINCT m.id AS id, m.name AS name, m.kind AS kind, m.status AS status, m.region AS region,
    m.cost_monthly AS cost_monthly, m.cpu_utilization AS cpu_percent, m.memory_utilization AS memory_percent
ORDER BY name, id
