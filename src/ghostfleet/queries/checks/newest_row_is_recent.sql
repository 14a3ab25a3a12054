-- title: Time series reach the end of the data set
-- category: completeness
-- severity: high
-- status: failed
-- tables: system_metrics
-- needs: system_metrics(time, service_name), stated_extents(table_name, until_s, row_s)
-- optional: database_metrics(time TIMESTAMPTZ), network_metrics(time TIMESTAMPTZ)
-- parameters: passed_minutes = 10, warned_minutes = 60
-- message: {table_name} ends {minutes:.0f} minutes before the data set does
-- measured: the newest row ends {minutes:.0f} minutes before the data set does
-- advice: Look for the part that is missing: `ghostfleet verify` names it.
-- The end is what the manifest states, never the clock's time.
WITH newest AS (
    SELECT 'system_metrics' AS table_name, max(time) AS time FROM system_metrics
    UNION ALL SELECT 'database_metrics' AS table_name, max(CAST(CAST(time AS VARCHAR) AS TIMESTAMP)) AS time FROM database_metrics
    UNION ALL SELECT 'network_metrics' AS table_name, max(CAST(CAST(time AS VARCHAR) AS TIMESTAMP)) AS time FROM network_metrics
), ages AS (
    SELECT table_name, greatest((until_s - row_s - epoch(time)) / 60, 0) AS minutes
    FROM newest
    JOIN stated_extents USING (table_name)
    WHERE time IS NOT NULL
)
SELECT table_name, minutes, CASE WHEN minutes <= $passed_minutes THEN 'passed'
    WHEN minutes <= $warned_minutes THEN 'warning' ELSE 'failed' END AS status
FROM ages
ORDER BY minutes DESC, table_name
