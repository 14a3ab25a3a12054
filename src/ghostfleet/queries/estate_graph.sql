-- title: What is there and who calls whom: web services, services by cluster, databases, other people's services
-- columns: name, kind, place, calls, relation
-- needs: Service(id, name, cluster_name, environment)
-- optional: WebService(id, name), RDSInstance(id, name, engine), EC2Instance(id, name), ExternalService(id, name, type)
-- optional: DEPENDS_ON(from_id, to_id), QUERIES(from_id, to_id), CALLS_API(from_id, to_id), INTEGRATES_WITH(from_id, to_id)
-- A row is a call; what calls nobody has a row without one. Production goes before the rest.
WITH nodes AS (
    SELECT CAST(id AS VARCHAR) AS id, CAST(name AS VARCHAR) AS name, 'web' AS kind, NULL AS place, 0 AS step FROM "WebService"
    UNION ALL
    SELECT id, name, 'service', cluster_name, CASE environment WHEN 'production' THEN 0 ELSE 1 END FROM "Service"
    UNION ALL
    SELECT CAST(id AS VARCHAR), CAST(name AS VARCHAR), 'database', NULL, 0 FROM "RDSInstance"
    UNION ALL
    SELECT CAST(id AS VARCHAR), CAST(name AS VARCHAR), 'database', NULL, 0 FROM "EC2Instance"
    UNION ALL
    SELECT CAST(id AS VARCHAR), CAST(name AS VARCHAR), 'external', NULL, 0 FROM "ExternalService"
), links AS (
    SELECT CAST(from_id AS VARCHAR) AS from_id, CAST(to_id AS VARCHAR) AS to_id, 'call' AS relation FROM "DEPENDS_ON"
    UNION
    SELECT CAST(from_id AS VARCHAR), CAST(to_id AS VARCHAR), 'call' FROM "CALLS_API"
    UNION
    SELECT CAST(from_id AS VARCHAR), CAST(to_id AS VARCHAR), 'query' FROM "QUERIES"
    UNION
    SELECT CAST(from_id AS VARCHAR), CAST(to_id AS VARCHAR), 'external' FROM "INTEGRATES_WITH"
), calls AS (
    SELECT from_id, name AS calls, relation FROM links JOIN nodes ON id = to_id
)
SELECT name, kind, place, calls, relation
FROM nodes
LEFT JOIN calls ON id = from_id
ORDER BY step, place NULLS FIRST, kind, name, calls
