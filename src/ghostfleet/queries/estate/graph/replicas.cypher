// title: Copies of databases
// needs: RDSInstance(id, name), REPLICATES_TO
// columns: primary_id, replica_id, replica_name
// stores: ladybug, neo4j
// order: total
MATCH (p:RDSInstance)-[:REPLICATES_TO]->(r:RDSInstance)
RETURN DISTINCT p.id AS primary_id, r.id AS replica_id, r.name AS replica_name
ORDER BY primary_id, replica_id
