// title: Clusters
// needs: EKSCluster(id, name, region, status, version, environment, total_nodes BIGINT, node_groups BIGINT)
// needs: EKSCluster(instance_types VARCHAR[], cost_monthly DOUBLE)
// columns: id, name, region, status, version, environment, total_nodes, node_groups, instance_types, cost_monthly
// stores: ladybug, neo4j
// order: total
// unordered: instance_types
MATCH (c:EKSCluster)
RETURN c.id AS id, c.name AS name, c.region AS region, c.status AS status, c.version AS version,
    c.environment AS environment, c.total_nodes AS total_nodes, c.node_groups AS node_groups,
    c.instance_types AS instance_types, c.cost_monthly AS cost_monthly
ORDER BY cost_monthly DESC, name
