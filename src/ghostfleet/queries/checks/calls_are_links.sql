-- title: Calls that were measured are links of the graph, and the other way round
-- category: consistency
-- severity: medium
-- status: failed
-- tables: Service, DEPENDS_ON, QUERIES, network_metrics
-- needs: Service(id, name)
-- needs: network_metrics(source_service, target_service)
-- optional: DEPENDS_ON(from_id, to_id), QUERIES(from_id, to_id), RDSInstance(id, name), EC2Instance(id, name)
-- message: {count} calls are in one of both alone, the first {source_service} to {target_service}, {missing_in}
-- measured: calls and links are the same
-- advice: A row of network_metrics belongs to a DEPENDS_ON or QUERIES link.
WITH nodes AS (
    SELECT id, name FROM "Service"
    UNION ALL SELECT CAST(id AS VARCHAR), CAST(name AS VARCHAR) FROM "RDSInstance"
    UNION ALL SELECT CAST(id AS VARCHAR), CAST(name AS VARCHAR) FROM "EC2Instance"
), links AS (
    SELECT DISTINCT source.name AS source_service, target.name AS target_service
    FROM (
        SELECT CAST(from_id AS VARCHAR) AS from_id, CAST(to_id AS VARCHAR) AS to_id FROM "DEPENDS_ON"
        UNION SELECT CAST(from_id AS VARCHAR), CAST(to_id AS VARCHAR) FROM "QUERIES"
    ) AS link
    JOIN nodes AS source ON source.id = link.from_id
    JOIN nodes AS target ON target.id = link.to_id
), calls AS (
    SELECT DISTINCT source_service, target_service FROM network_metrics
)
SELECT source_service, target_service, 'not in the graph' AS missing_in FROM calls ANTI JOIN links USING (source_service, target_service)
UNION ALL
SELECT source_service, target_service, 'not in the metrics' AS missing_in FROM links ANTI JOIN calls USING (source_service, target_service)
ORDER BY 1, 2
