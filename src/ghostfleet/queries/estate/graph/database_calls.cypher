// title: Which service asks which database
// needs: Service(id, name), QUERIES
// optional: RDSInstance(id, name, kind, region), EC2Instance(id, name, kind, region)
// columns: service_id, service_name, database_id, database_name, database_kind, database_region
// stores: ladybug, neo4j
// order: total
MATCH (s:Service)-[:QUERIES]->(d)
RETURN DISTINCT s.id AS service_id, s.name AS service_name, d.id AS database_id, d.name AS database_name,
    d.kind AS database_kind, d.region AS database_region
ORDER BY service_id, database_id
