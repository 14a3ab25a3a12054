-- title: Server types can be told apart by their load
-- category: realism
-- severity: medium
-- status: failed
-- parameters: least_distance = 1
-- needs: servers
-- message: {one} and {other} differ by {distance:.2f} deviations in {metric}, at least {least_distance:g} is wanted
-- measured: closest are {one} and {other}, {distance:.2f} deviations apart in {metric}
-- advice: Check that server_type still belongs to its rows.
WITH long AS (
    UNPIVOT (SELECT server_type, cpu, memory, disk, network FROM servers) ON cpu, memory, disk, network INTO NAME metric VALUE level
), types AS (
    SELECT server_type, metric, avg(level) AS middle, coalesce(var_samp(level), 0) AS variance, count(*) AS servers
    FROM long WHERE server_type IS NOT NULL GROUP BY ALL
), distances AS (
    SELECT a.server_type AS one, b.server_type AS other, a.metric,
        abs(a.middle - b.middle) / sqrt(greatest((a.variance + b.variance) / 2, 1e-9)) AS distance
    FROM types AS a JOIN types AS b ON a.metric = b.metric AND a.server_type < b.server_type
    WHERE a.servers >= 3 AND b.servers >= 3
)
SELECT one, other, arg_max(metric, distance) AS metric, max(distance) AS distance, $least_distance AS least_distance,
    CASE WHEN max(distances.distance) < $least_distance THEN 'failed' ELSE 'passed' END AS status
FROM distances
GROUP BY one, other
ORDER BY status, distance
