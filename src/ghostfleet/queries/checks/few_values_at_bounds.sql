-- title: Few values stand at the end of their range
-- category: realism
-- severity: medium
-- status: failed
-- defect: 7
-- parameters: most_pct = 0.5, spare_rows = 3
-- needs: server_metrics(cpu_p95, mem_p95, disk_p95, net_in_p95, net_out_p95), declared_columns
-- unless: load_of_its_own_shape, servers_are_hosts
-- optional: expected_data(outlier_ratio)
-- message: {server_type} {column_name}: {at_low_pct:.2f} % at {low:g} and {at_high_pct:.2f} % at {high:g} (limit {limit_pct:g} %, at the upper end {limit_high_pct:g} %)
-- measured: most are {server_type} {column_name}: {at_low_pct:.2f} % at {low:g}, {at_high_pct:.2f} % at {high:g}
-- unjudged: no reading is there
-- advice: Draw from a bounded distribution instead of clipping a normal one.
-- Values that are misread on purpose may reach the end, and no other. Data without metadata are judged as one type.
WITH typed AS (
    SELECT COLUMNS('^(server_type|cpu_p95|mem_p95|disk_p95|net_in_p95|net_out_p95)$') FROM server_metrics
    UNION ALL BY NAME
    SELECT 'any server' AS server_type WHERE false
), readings AS (
    UNPIVOT (SELECT * REPLACE (coalesce(server_type, 'any server') AS server_type) FROM typed)
    ON COLUMNS(* EXCLUDE server_type) INTO NAME column_name VALUE value
)
SELECT server_type, column_name, 100 * avg((value <= low)::INTEGER) AS at_low_pct, 100 * avg((value >= high)::INTEGER) AS at_high_pct,
    low, high, $most_pct AS limit_pct, $most_pct + 100 * coalesce(any_value(outlier_ratio), 0) AS limit_high_pct,
    CASE WHEN (at_low_pct >= limit_pct AND at_low_pct / 100 * count(*) > $spare_rows)
        OR (at_high_pct >= limit_high_pct AND at_high_pct / 100 * count(*) > $spare_rows) THEN 'failed' ELSE 'passed' END AS status
FROM readings
JOIN declared_columns USING (column_name)
LEFT JOIN expected_data ON true
WHERE table_name = 'server_metrics'
GROUP BY server_type, column_name, low, high
ORDER BY status, greatest(at_low_pct, at_high_pct) DESC
