// title: Calls between services, with the clusters of both
// needs: Service(id, name), EKSCluster(id, name, region), DEPENDS_ON, DEPLOYED_ON
// columns: source_service, target_service, source_cluster, target_cluster, source_region, target_region
// stores: ladybug, neo4j
// order: total
MATCH (a:Service)-[:DEPENDS_ON]->(b:Service)
OPTIONAL MATCH (a)-[:DEPLOYED_ON]->(c:EKSCluster)
OPTIONAL MATCH (b)-[:DEPLOYED_ON]->(d:EKSCluster)
RETURN DISTINCT a.name AS source_service, b.name AS target_service, c.name AS source_cluster, d.name AS target_cluster,
    c.region AS source_region, d.region AS target_region
ORDER BY source_service, target_service
