-- title: Metrics state the cluster, region and environment that the graph does
-- category: consistency
-- severity: medium
-- status: failed
-- tables: Service, EKSCluster, DEPLOYED_ON, system_metrics
-- needs: Service(id, name, environment), EKSCluster(id, name, region), DEPLOYED_ON(from_id, to_id)
-- needs: system_metrics(service_name, cluster_name, region, environment)
-- message: {count} services stand elsewhere, the first {service_name}: metrics say {said}, the graph says {known}
-- measured: every service stands where the graph says
-- advice: Take region and environment from the entity and not from the row.
WITH placed AS (
    SELECT service.name AS service_name, concat_ws(', ', cluster.name, cluster.region, service.environment) AS known
    FROM "Service" AS service
    JOIN "DEPLOYED_ON" AS link ON link.from_id = service.id
    JOIN "EKSCluster" AS cluster ON cluster.id = link.to_id
), told AS (
    SELECT DISTINCT service_name, concat_ws(', ', cluster_name, region, environment) AS said FROM system_metrics
)
SELECT service_name, min(said) AS said, min(known) AS known
FROM told
JOIN placed USING (service_name)
GROUP BY service_name, said
HAVING NOT bool_or(said = known)
ORDER BY service_name
