// title: Which cluster each service runs on
// needs: Service(id, name), EKSCluster(id, name, region), DEPLOYED_ON
// columns: service_id, service_name, cluster_id, cluster_name, cluster_region
// stores: ladybug, neo4j
// order: total
MATCH (s:Service)-[:DEPLOYED_ON]->(c:EKSCluster)
RETURN s.id AS service_id, s.name AS service_name, c.id AS cluster_id, c.name AS cluster_name,
    c.region AS cluster_region
ORDER BY service_id, cluster_id
