// title: All nodes
// needs: graph
// columns: id, label, properties
// stores: ladybug, neo4j
// order: total
MATCH (n)
RETURN n.id AS id, n.kind AS label, properties(n) AS properties
ORDER BY label, id
