-- title: There are as many rows as servers × steps
-- category: completeness
-- severity: high
-- status: failed
-- needs: server_metrics, expected_data(servers, since_s, until_s, step_s, row_count_tolerance)
-- message: {found} rows, expected {expected} (tolerance {row_count_tolerance})
-- measured: {found} rows, {expected} expected
-- advice: Validate against the scenario that made the file; if it is the same, generate again.
SELECT found, servers * ((until_s - since_s) // step_s) AS expected, row_count_tolerance,
    CASE WHEN abs(found - expected) > row_count_tolerance THEN 'failed' ELSE 'passed' END AS status
FROM (SELECT count(*) AS found FROM server_metrics)
CROSS JOIN expected_data
