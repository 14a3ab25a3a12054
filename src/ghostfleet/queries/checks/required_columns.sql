-- title: Every declared column is there
-- category: schema
-- severity: critical
-- status: failed
-- defect: 11
-- needs: declared_columns
-- message: {count} columns are missing: {column_name}, …
-- measured: all declared columns are there
-- advice: Write the file with the columns of its table; `--no-metadata` and `--no-calendar` drop whole groups only.
WITH grouped AS (
    SELECT table_name, column_group, bool_or(present) AS any_present FROM declared_columns GROUP BY ALL
)
SELECT table_name, column_name, column_group
FROM declared_columns
JOIN grouped USING (table_name, column_group)
WHERE NOT present AND (column_group = '' OR any_present)
