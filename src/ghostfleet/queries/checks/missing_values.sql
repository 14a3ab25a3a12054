-- title: Few values are missing
-- category: completeness
-- severity: medium
-- status: warning
-- needs: server_metrics(timestamp, server_id, cpu_p95, mem_p95, disk_p95, net_in_p95, net_out_p95), expected_data(max_missing_pct)
-- message: {column_name} lacks {missing} values, {missing_pct:.2f} % (limit {max_missing_pct:g} %)
-- measured: no value is missing
-- advice: Fill or drop rows with missing values, or generate without `--missing`.
WITH counts AS (
    SELECT count(*) AS total, count(*) - count("timestamp") AS "timestamp", count(*) - count(server_id) AS server_id,
        count(*) - count(cpu_p95) AS cpu_p95, count(*) - count(mem_p95) AS mem_p95, count(*) - count(disk_p95) AS disk_p95,
        count(*) - count(net_in_p95) AS net_in_p95, count(*) - count(net_out_p95) AS net_out_p95
    FROM server_metrics
)
SELECT column_name, missing, 100 * missing / total AS missing_pct, max_missing_pct,
    CASE WHEN missing_pct > max_missing_pct OR column_name IN ('timestamp', 'server_id') THEN 'failed' ELSE 'warning' END AS status
FROM (UNPIVOT counts ON COLUMNS(* EXCLUDE total) INTO NAME column_name VALUE missing)
CROSS JOIN expected_data
WHERE missing > 0
ORDER BY status, missing DESC
