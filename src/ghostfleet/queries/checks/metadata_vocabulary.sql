-- title: Metadata uses the words of its scenario
-- category: validity
-- severity: medium
-- status: failed
-- defect: 15
-- needs: server_metrics(business_unit, criticality, region, server_type, app_name), expected_values(column_name, valid)
-- message: {column_name} says {value!r} in {rows} rows; valid is {valid}
-- measured: every word is one of the scenario
-- advice: Use the words of the scenario; other vocabularies need a mapping first.
WITH words AS (
    UNPIVOT (SELECT business_unit, criticality, region, server_type, app_name FROM server_metrics)
    ON * INTO NAME column_name VALUE value
), known AS (
    SELECT column_name, list(valid) AS words FROM expected_values GROUP BY ALL
)
SELECT column_name, value, count(*) AS rows, array_to_string(any_value(words), ', ') AS valid
FROM words
JOIN known USING (column_name)
WHERE NOT list_contains(words, value)
GROUP BY ALL
UNION ALL
SELECT 'app_name', app_name, count(*), 'app_NNN'
FROM server_metrics
WHERE NOT regexp_full_match(app_name, 'app_\d{3,}') AND 'app_name' NOT IN (SELECT column_name FROM known)
GROUP BY ALL
ORDER BY rows DESC
