-- title: The last hour has no gaps
-- category: completeness
-- severity: medium
-- status: failed
-- tables: system_metrics
-- needs: system_metrics(time, service_name), stated_extents(table_name, since_s, until_s, row_s)
-- optional: database_metrics(time TIMESTAMPTZ, db_identifier), network_metrics(time TIMESTAMPTZ, source_service, target_service)
-- parameters: passed_percent = 5, warned_percent = 20
-- message: {table_name} lacks {empty} of {total} steps of five minutes, {percent:.1f} %, the first of {entity} at {at}
-- measured: {empty} of {total} steps of five minutes are empty
-- advice: Look for the part that is missing: `ghostfleet verify` names it.
-- Steps are made from the stated span and every entity seen, so that what is missing altogether is seen too.
WITH seen AS (
    SELECT 'system_metrics' AS table_name, service_name AS entity, time FROM system_metrics
    UNION ALL
    SELECT 'database_metrics', CAST(db_identifier AS VARCHAR), CAST(CAST(time AS VARCHAR) AS TIMESTAMP) FROM database_metrics
    UNION ALL
    SELECT 'network_metrics', CAST(source_service || ' to ' || target_service AS VARCHAR), CAST(CAST(time AS VARCHAR) AS TIMESTAMP)
    FROM network_metrics
), spans AS (
    SELECT table_name, greatest(row_s, 300) AS step_s, until_s // greatest(row_s, 300) * greatest(row_s, 300) AS end_s,
        (since_s + greatest(row_s, 300) - 1) // greatest(row_s, 300) * greatest(row_s, 300) AS since_s
    FROM stated_extents
), steps AS (
    SELECT table_name, step_s, unnest(generate_series(greatest(end_s - greatest(3600 // step_s, 1) * step_s, since_s), end_s - step_s, step_s))
        AS begins_s
    FROM spans
), wanted AS (
    SELECT table_name, entity, begins_s FROM steps JOIN (SELECT DISTINCT table_name, entity FROM seen) USING (table_name)
), filled AS (
    SELECT DISTINCT table_name, entity, epoch(time)::BIGINT // step_s * step_s AS begins_s FROM seen JOIN spans USING (table_name)
), counts AS (
    SELECT wanted.table_name, count(*) AS total, count(*) FILTER (WHERE filled.entity IS NULL) AS empty,
        min(wanted.entity) FILTER (WHERE filled.entity IS NULL) AS entity,
        min(wanted.begins_s) FILTER (WHERE filled.entity IS NULL) AS first_s
    FROM wanted
    LEFT JOIN filled USING (table_name, entity, begins_s)
    GROUP BY ALL
)
SELECT table_name, total, empty, 100.0 * empty / total AS percent, entity,
    strftime(make_timestamp(first_s * 1000000), '%Y-%m-%d %H:%M') AS at,
    CASE WHEN 100.0 * empty / total < $passed_percent THEN 'passed'
        WHEN 100.0 * empty / total < $warned_percent THEN 'warning' ELSE 'failed' END AS status
FROM counts
ORDER BY percent DESC, table_name
