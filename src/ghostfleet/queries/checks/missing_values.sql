-- title: Few values are missing
-- category: completeness
-- severity: medium
-- status: warning
-- needs: server_metrics(timestamp, server_id, cpu_p95, mem_p95, disk_p95, net_in_p95, net_out_p95), expected_data(max_missing_pct, missing_ratio)
-- message: {column_name} lacks {missing} values, {missing_pct:.2f} % (limit {limit_pct:g} %)
-- measured: no value is missing
-- advice: Fill or drop rows with missing values, or generate without `--missing`.
-- As many values as were lost on purpose may be missing.
WITH counts AS (
    SELECT count(*) AS total, count(*) - count("timestamp") AS "timestamp", count(*) - count(server_id) AS server_id,
        count(*) - count(cpu_p95) AS cpu_p95, count(*) - count(mem_p95) AS mem_p95, count(*) - count(disk_p95) AS disk_p95,
        count(*) - count(net_in_p95) AS net_in_p95, count(*) - count(net_out_p95) AS net_out_p95
    FROM server_metrics
)
SELECT column_name, missing, 100 * missing / total AS missing_pct,
    greatest(max_missing_pct, CASE WHEN column_name IN ('timestamp', 'server_id') THEN 0
        ELSE 100 * missing_ratio + 400 * sqrt(missing_ratio * (1 - missing_ratio) / total) END) AS limit_pct,
    CASE WHEN missing_pct > limit_pct OR column_name IN ('timestamp', 'server_id') THEN 'failed' ELSE 'warning' END AS status
FROM (UNPIVOT counts ON COLUMNS(* EXCLUDE total) INTO NAME column_name VALUE missing)
CROSS JOIN expected_data
WHERE missing > 0
ORDER BY status, missing DESC
