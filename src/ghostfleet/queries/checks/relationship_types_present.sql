-- title: The graph has relationships
-- category: schema
-- severity: high
-- status: failed
-- tables: Service, DEPENDS_ON, DEPLOYED_ON
-- needs: graph_nodes(id)
-- optional: graph_links(table_name), DEPENDS_ON(from_id), DEPLOYED_ON(from_id)
-- message: there is no relationship of type {missing}
-- measured: services run on clusters and depend on each other
-- advice: Write the whole graph: `--only graph`.
SELECT missing, CASE WHEN (SELECT count(*) FROM graph_links) = 0 THEN 'failed' ELSE 'warning' END AS status
FROM (VALUES ('DEPENDS_ON', (SELECT count(*) FROM "DEPENDS_ON")), ('DEPLOYED_ON', (SELECT count(*) FROM "DEPLOYED_ON")))
    AS types(missing, links)
WHERE links = 0
ORDER BY missing
