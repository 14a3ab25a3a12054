-- title: Every table has the rows that its manifest states
-- category: completeness
-- severity: high
-- status: failed
-- needs: found_tables(table_name, rows), stated_rows(table_name, rows, is_least)
-- message: {table_name} has {found} rows instead of {wanted}; {count} such tables in all
-- measured: every table has the rows that are stated, {total} in all
-- advice: Rows were lost or added since the data were written; generate them again, or copy them from where they are whole.
-- A store may hold rows of runs and loads that no manifest tells of, and so may parts whose manifests are elsewhere.
WITH judged AS (
    SELECT stated.table_name, coalesce(seen.rows, 0) AS found, stated.rows AS wanted, is_least
    FROM stated_rows AS stated
    LEFT JOIN found_tables AS seen USING (table_name)
)
SELECT table_name, found, wanted, sum(found) OVER () AS total,
    CASE WHEN found < wanted OR (found > wanted AND NOT is_least) THEN 'failed' ELSE 'passed' END AS status
FROM judged
ORDER BY status, table_name
