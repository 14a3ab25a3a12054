-- title: The graph has the labels that questions ask for
-- category: schema
-- severity: high
-- status: failed
-- tables: Service, DEPENDS_ON
-- needs: found_tables(table_name, rows)
-- optional: stated_rows(table_name, rows)
-- message: {count} labels are missing or have no node, the first {label}
-- measured: every label that questions ask for is there, as far as the estate has any
-- advice: Write the whole graph: `--only graph`.
-- An estate may have none of a label, as a shop without applications: its manifest says so.
SELECT label, CASE WHEN found.table_name IS NULL THEN 'failed' ELSE 'warning' END AS status
FROM (VALUES ('Application'), ('EKSCluster'), ('RDSInstance'), ('Service')) AS labels(label)
LEFT JOIN found_tables AS found ON found.table_name = label
WHERE coalesce(found.rows, 0) = 0 AND label NOT IN (SELECT CAST(table_name AS VARCHAR) FROM stated_rows WHERE rows = 0)
ORDER BY status, label
