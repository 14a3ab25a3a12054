-- title: Services by cluster
-- columns: cluster_name, services, share
-- needs: system_metrics(service_name, cluster_name)
WITH clusters AS (
    SELECT cluster_name, count(DISTINCT service_name) AS services FROM system_metrics GROUP BY 1
)
SELECT cluster_name, services, 100.0 * services / NULLIF(CAST(sum(services) OVER () AS DOUBLE PRECISION), 0) AS share
FROM clusters
ORDER BY services DESC, cluster_name
