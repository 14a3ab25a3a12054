-- title: Residual correlations are within 0.15 of their targets
-- category: realism
-- severity: high
-- status: failed
-- defect: 5
-- parameters: tolerance = 0.15, saturated = 85, least_level = 2, server_year = 0.18, few = 4
-- needs: residuals, expected_correlations(server_type, left_metric, right_metric, target), server_metrics
-- needs: expected_archetypes(server_type, cpu_mean, cpu_deviation, memory_mean, memory_deviation, disk_mean, disk_deviation, network_mean)
-- unless: load_of_its_own_shape, rows_of_several_ticks, many_outliers
-- message: {server_type} {pair}: {residual:.2f}, target {target:.2f}, off by {off:.2f} with standard error {error:.2f} ({count} pairs too far; raw {raw:.2f})
-- measured: furthest is {server_type} {pair}: {residual:.2f}, target {target:.2f}; raw {raw:.2f}, furthest raw off by {furthest_raw:.2f}
-- unjudged: no type has 100 ordinary readings in cells of four or more
-- advice: Calibrate the noise of each server type towards its targets; compare residuals, because common factors and spikes raise raw correlations.
-- The standard error is that of a mean over (server, month), but no less than `server_year` over the root of the type's
-- server-years, where it has fewer than four servers or server-years: a server keeps its own way for years, which its
-- months do not show (correlations of one server in one year scatter by 0.115 around their target, measured, and the
-- worst of 24 pairs is looked at). So a small or short data set is failed only when it is surely too far off.
WITH fit AS (
    SELECT server_type, server_id, "timestamp",
        CASE WHEN cpu_level BETWEEN $least_level AND $saturated THEN cpu END AS cpu,
        CASE WHEN memory_level BETWEEN $least_level AND $saturated THEN memory END AS memory,
        CASE WHEN disk_level BETWEEN $least_level AND $saturated THEN disk END AS disk,
        CASE WHEN network_level BETWEEN 10 * $least_level AND 10 * $saturated THEN network END AS network
    FROM residuals
), correlations AS (
    SELECT server_type, server_id, year("timestamp") AS year, month("timestamp") AS month, grouping(server_id) = 1 AS is_type,
        CASE WHEN is_type THEN 100 ELSE 10 END AS enough,
        CASE WHEN regr_count(cpu, memory) >= enough THEN corr(cpu, memory) END AS cpu_memory,
        CASE WHEN regr_count(cpu, disk) >= enough THEN corr(cpu, disk) END AS cpu_disk,
        CASE WHEN regr_count(cpu, network) >= enough THEN corr(cpu, network) END AS cpu_network,
        CASE WHEN regr_count(memory, disk) >= enough THEN corr(memory, disk) END AS memory_disk,
        CASE WHEN regr_count(memory, network) >= enough THEN corr(memory, network) END AS memory_network,
        CASE WHEN regr_count(disk, network) >= enough THEN corr(disk, network) END AS disk_network
    FROM fit
    GROUP BY GROUPING SETS ((server_type), (server_type, server_id, year("timestamp"), month("timestamp")))
), long AS (
    UNPIVOT (SELECT * EXCLUDE enough FROM correlations)
    ON COLUMNS(* EXCLUDE (server_type, server_id, year, month, is_type)) INTO NAME pair VALUE correlation
), years AS (
    SELECT least(1, (max("timestamp")::DATE - min("timestamp")::DATE + 1) / 365.0) AS years FROM residuals
), errors AS (
    SELECT server_type, pair AS key, count(DISTINCT server_id) AS servers,
        greatest(
            coalesce(stddev_samp(correlation) / sqrt(count(*)), 1),
            CASE WHEN servers * any_value(years) < $few THEN $server_year / sqrt(servers * any_value(years)) ELSE 0 END
        ) AS error
    FROM long
    CROSS JOIN years
    WHERE NOT is_type AND NOT isnan(correlation)
    GROUP BY ALL
), raw AS (
    SELECT server_type,
        corr(cpu_p95, mem_p95) AS cpu_memory, corr(cpu_p95, disk_p95) AS cpu_disk, corr(cpu_p95, net_in_p95) AS cpu_network,
        corr(mem_p95, disk_p95) AS memory_disk, corr(mem_p95, net_in_p95) AS memory_network,
        corr(disk_p95, net_in_p95) AS disk_network
    FROM server_metrics
    GROUP BY server_type
), pairs AS (
    SELECT server_type, replace(pair, '_', '–') AS pair, pair AS key, correlation AS residual FROM long WHERE is_type
), raw_pairs AS (
    SELECT server_type, pair AS key, raw FROM (UNPIVOT raw ON COLUMNS(* EXCLUDE server_type) INTO NAME pair VALUE raw)
)
SELECT pairs.server_type, pair, residual, target, abs(residual - target) AS off, error, raw,
    max(abs(raw - target)) OVER () AS furthest_raw,
    CASE
        WHEN spike_probability > 0.15 OR growth > 3 OR least_noise < 0.03 THEN 'no_data'
        WHEN isnan(residual) OR off - 2 * error > $tolerance THEN 'failed'
        ELSE 'passed'
    END AS status,
    CASE
        WHEN spike_probability > 0.15 THEN 'spikes are too frequent to be told from other readings'
        WHEN growth > 3 THEN 'load grows or shrinks too fast within a month for its mean to be taken away'
        ELSE 'the noise is too small beside what else moves the load'
    END AS reason
FROM pairs
JOIN expected_correlations AS wanted
    ON wanted.server_type = pairs.server_type AND pairs.key = left_metric || '_' || right_metric
JOIN raw_pairs ON raw_pairs.server_type = pairs.server_type AND raw_pairs.key = pairs.key
JOIN errors ON errors.server_type = pairs.server_type AND errors.key = pairs.key
JOIN (
    SELECT server_type, spike_probability, abs(growth_percent_per_month) AS growth,
        least(cpu_deviation / cpu_mean, memory_deviation / memory_mean, disk_deviation / disk_mean, network_deviation / network_mean)
            AS least_noise
    FROM expected_archetypes
) AS facts ON facts.server_type = pairs.server_type
ORDER BY status, off DESC
