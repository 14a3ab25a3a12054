// title: Which service calls which
// needs: Service(id, name), DEPENDS_ON
// columns: source_id, source_name, target_id, target_name
// stores: ladybug, neo4j
// order: total
MATCH (a:Service)-[:DEPENDS_ON]->(b:Service)
RETURN DISTINCT a.id AS source_id, a.name AS source_name, b.id AS target_id, b.name AS target_name
ORDER BY source_id, target_id
