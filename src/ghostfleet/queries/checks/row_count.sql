-- title: There are as many rows as servers × steps
-- category: completeness
-- severity: high
-- status: failed
-- tables: server_metrics
-- needs: found_tables
-- unless: servers_are_hosts
-- optional: expected_data(servers, since_s, until_s, step_s, row_count_tolerance)
-- message: {problem}
-- measured: {found} rows, {expected} expected
-- advice: Validate against the scenario that made the file; if it is the same, generate again.
WITH counts AS (
    SELECT rows AS found,
        (servers * (ceil(until_s / step_s) - ceil(since_s / step_s)))::BIGINT AS expected,
        row_count_tolerance::BIGINT AS tolerance
    FROM (VALUES ('server_metrics')) AS wanted (table_name)
    LEFT JOIN found_tables USING (table_name)
    LEFT JOIN expected_data ON true
)
SELECT found, expected,
    CASE WHEN found = 0 THEN 'no rows' ELSE found || ' rows' END
        || coalesce(', expected ' || expected || ' (tolerance ' || tolerance || ')', '') AS problem,
    CASE
        WHEN found IS NULL THEN 'no_data'
        WHEN found = 0 OR abs(found - expected) > tolerance THEN 'failed'
        WHEN expected IS NULL THEN 'no_data'
        ELSE 'passed'
    END AS status,
    CASE WHEN found IS NULL THEN 'server_metrics was not given' ELSE 'expected_data was not given' END AS reason
FROM counts
