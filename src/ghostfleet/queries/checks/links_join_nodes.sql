-- title: Both ends of every link are nodes
-- category: consistency
-- severity: critical
-- status: failed
-- tables: Service
-- needs: graph_nodes(table_name, id), graph_links(table_name, file_row, from_label, from_id, to_label, to_id)
-- message: {count} ends are no nodes, the first of {table_name} in row {file_row}: {label} {id}
-- measured: all ends are nodes
-- advice: Write nodes and links of one run; ids are the graph's, not names.
WITH ends AS (
    SELECT table_name, file_row, from_label AS label, from_id AS id FROM graph_links
    UNION ALL SELECT table_name, file_row, to_label AS label, to_id AS id FROM graph_links
)
SELECT ends.table_name, ends.file_row, ends.label, ends.id
FROM ends
ANTI JOIN graph_nodes AS node ON node.table_name = ends.label AND node.id = ends.id
ORDER BY 1, 2
