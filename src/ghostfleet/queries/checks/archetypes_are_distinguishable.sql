-- title: Server types can be told apart by their load
-- category: realism
-- severity: medium
-- status: failed
-- parameters: least_distance = 1, surely = 0.55
-- needs: servers, expected_archetypes(server_type, cpu_mean, memory_mean, disk_mean, network_mean)
-- unless: load_of_its_own_shape
-- needs: expected_data(step_s, unit_deviation, criticality_deviation)
-- message: {one} and {other} differ by {distance:.2f} deviations in {metric}, at least {least_distance:g} is wanted
-- measured: closest are {one} and {other}, {distance:.2f} deviations apart in {metric}
-- unjudged: no two types have five servers each
-- advice: Check that server_type still belongs to its rows.
-- A pair is judged where the scenario sets it clearly apart: its means differ by more than servers of a type do. Of a type's
-- variance three tenths last; of the rest, which passes within days, little is left in the mean of a long history.
WITH long AS (
    UNPIVOT (SELECT server_type, cpu, memory, disk, network FROM servers) ON cpu, memory, disk, network INTO NAME metric VALUE level
), types AS (
    SELECT server_type, metric, avg(level) AS middle, coalesce(var_samp(level), 0) AS variance, count(*) AS servers
    FROM long WHERE server_type IS NOT NULL GROUP BY ALL
), documented AS (
    SELECT server_type, unnest([
        {metric: 'cpu', mean: cpu_mean, deviation: cpu_deviation}, {metric: 'memory', mean: memory_mean, deviation: memory_deviation},
        {metric: 'disk', mean: disk_mean, deviation: disk_deviation}, {metric: 'network', mean: network_mean, deviation: network_deviation}
    ], recursive := true)
    FROM expected_archetypes
), facts AS (
    SELECT least(1, 16 / greatest(1, (SELECT max(steps) FROM servers) * step_s / 86400)) AS passing,
        unit_deviation ** 2 + criticality_deviation ** 2 AS loads
    FROM expected_data
), expected AS (
    SELECT server_type, metric, mean,
        deviation ** 2 * (0.3 + 0.7 * passing) + CASE WHEN metric = 'disk' THEN 0 ELSE loads * mean ** 2 END AS spread
    FROM documented CROSS JOIN facts
), distances AS (
    SELECT a.server_type AS one, b.server_type AS other, a.metric,
        abs(a.middle - b.middle) / sqrt(greatest((a.variance + b.variance) / 2, 1e-9)) AS distance,
        $surely * abs(c.mean - d.mean) / sqrt(greatest((c.spread + d.spread) / 2, 1e-9)) AS sure_distance
    FROM types AS a JOIN types AS b ON a.metric = b.metric AND a.server_type < b.server_type
    JOIN expected AS c ON c.server_type = a.server_type AND c.metric = a.metric
    JOIN expected AS d ON d.server_type = b.server_type AND d.metric = a.metric
    WHERE a.servers >= 5 AND b.servers >= 5
)
SELECT one, other, arg_max(metric, distance) AS metric, max(distance) AS distance, $least_distance AS least_distance,
    CASE
        WHEN max(sure_distance) < $least_distance THEN 'no_data'
        WHEN max(distances.distance) < $least_distance THEN 'failed'
        ELSE 'passed'
    END AS status,
    'the scenario sets its types less than their servers apart in a history as short as this' AS reason
FROM distances
GROUP BY one, other
ORDER BY status, distance
