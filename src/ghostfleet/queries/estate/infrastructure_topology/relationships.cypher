// title: All relationships
// needs: graph
// columns: source_id, source_name, target_id, target_name, type
// stores: ladybug, neo4j
// order: total
MATCH (a)-[r]->(b)
RETURN a.id AS source_id, a.name AS source_name, b.id AS target_id, b.name AS target_name, r.kind AS type
ORDER BY type, source_id, target_id
