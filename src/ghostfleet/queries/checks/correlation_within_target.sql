-- title: Residual correlations are within 0.15 of their targets
-- category: realism
-- severity: high
-- status: failed
-- defect: 5
-- parameters: tolerance = 0.15, saturated = 85
-- needs: residuals, expected_correlations(server_type, left_metric, right_metric, target), server_metrics
-- message: {server_type} {pair}: {residual:.2f}, target {target:.2f}, off by {off:.2f} ({count} pairs too far; raw {raw:.2f})
-- measured: furthest is {server_type} {pair}: {residual:.2f}, target {target:.2f}; raw {raw:.2f}, furthest raw off by {furthest_raw:.2f}
-- advice: Calibrate the noise; common factors and spikes raise raw correlations above the targets.
WITH residual AS (
    SELECT server_type,
        corr(cpu, memory) FILTER (cpu_level <= $saturated AND memory_level <= $saturated) AS cpu_memory,
        corr(cpu, disk) FILTER (cpu_level <= $saturated AND disk_level <= $saturated) AS cpu_disk,
        corr(cpu, network) FILTER (cpu_level <= $saturated AND network_level <= 10 * $saturated) AS cpu_network,
        corr(memory, disk) FILTER (memory_level <= $saturated AND disk_level <= $saturated) AS memory_disk,
        corr(memory, network) FILTER (memory_level <= $saturated AND network_level <= 10 * $saturated) AS memory_network,
        corr(disk, network) FILTER (disk_level <= $saturated AND network_level <= 10 * $saturated) AS disk_network,
        count(*) AS rows
    FROM residuals
    GROUP BY server_type
), raw AS (
    SELECT server_type,
        corr(cpu_p95, mem_p95) AS cpu_memory, corr(cpu_p95, disk_p95) AS cpu_disk, corr(cpu_p95, net_in_p95) AS cpu_network,
        corr(mem_p95, disk_p95) AS memory_disk, corr(mem_p95, net_in_p95) AS memory_network,
        corr(disk_p95, net_in_p95) AS disk_network
    FROM server_metrics
    GROUP BY server_type
), pairs AS (
    SELECT server_type, replace(pair, '_', '–') AS pair, pair AS key, residual
    FROM (UNPIVOT (SELECT * EXCLUDE rows FROM residual WHERE rows >= 100)
        ON COLUMNS(* EXCLUDE server_type) INTO NAME pair VALUE residual)
), raw_pairs AS (
    SELECT server_type, pair AS key, raw FROM (UNPIVOT raw ON COLUMNS(* EXCLUDE server_type) INTO NAME pair VALUE raw)
)
SELECT pairs.server_type, pair, residual, target, abs(residual - target) AS off, raw,
    max(abs(raw - target)) OVER () AS furthest_raw,
    CASE WHEN isnan(residual) OR off > $tolerance THEN 'failed' ELSE 'passed' END AS status
FROM pairs
JOIN expected_correlations AS wanted
    ON wanted.server_type = pairs.server_type AND pairs.key = left_metric || '_' || right_metric
JOIN raw_pairs ON raw_pairs.server_type = pairs.server_type AND raw_pairs.key = pairs.key
ORDER BY status, off DESC
