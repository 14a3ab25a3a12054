-- title: Every node of the graph has a link
-- category: consistency
-- severity: medium
-- status: failed
-- tables: Service
-- needs: graph_nodes(table_name, id, name), graph_links(from_label, from_id, to_label, to_id)
-- parameters: warned = 10
-- message: {count} nodes have no link, the first {label} {name}
-- measured: no node is without a link
-- advice: Say what it runs on, lies in or is used by, or leave it out.
WITH tied AS (
    SELECT from_label AS label, from_id AS id FROM graph_links UNION SELECT to_label AS label, to_id AS id FROM graph_links
), orphans AS (
    SELECT table_name AS label, id, name FROM graph_nodes ANTI JOIN tied ON tied.label = table_name AND tied.id = graph_nodes.id
)
SELECT label, name, CASE WHEN count(*) OVER () < $warned THEN 'warning' ELSE 'failed' END AS status
FROM orphans
ORDER BY label, name
