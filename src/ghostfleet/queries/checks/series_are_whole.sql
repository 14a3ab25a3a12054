-- title: Every series has every row
-- category: completeness
-- severity: high
-- status: failed
-- tables: system_metrics
-- needs: system_metrics(time, service_name)
-- optional: database_metrics(time TIMESTAMPTZ, db_identifier), network_metrics(time TIMESTAMPTZ, source_service, target_service)
-- message: {count} series lack rows, the first {entity} of {table_name}, which has {found} of {wanted}
-- measured: every series has a row at every time of its table
-- advice: Look for the part that is missing: `ghostfleet verify` names it.
WITH seen AS (
    SELECT 'system_metrics' AS table_name, service_name AS entity, time FROM system_metrics
    UNION ALL
    SELECT 'database_metrics', CAST(db_identifier AS VARCHAR), CAST(CAST(time AS VARCHAR) AS TIMESTAMP) FROM database_metrics
    UNION ALL
    SELECT 'network_metrics', CAST(source_service || ' to ' || target_service AS VARCHAR), CAST(CAST(time AS VARCHAR) AS TIMESTAMP)
    FROM network_metrics
), times AS (
    SELECT table_name, count(DISTINCT time) AS wanted FROM seen GROUP BY 1
)
SELECT table_name, entity, count(DISTINCT time) AS found, any_value(wanted) AS wanted
FROM seen JOIN times USING (table_name)
GROUP BY 1, 2
HAVING count(DISTINCT time) < any_value(wanted)
ORDER BY table_name, entity
