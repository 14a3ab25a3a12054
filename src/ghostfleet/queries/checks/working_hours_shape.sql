-- title: Working hours are busier than nights, by each type's factor
-- category: realism
-- severity: medium
-- status: failed
-- defect: 1
-- parameters: tolerance = 0.25, highest = 80, wander = 0.6, weight = 10
-- needs: ordinary, server_metrics(region), expected_archetypes(server_type, working_hours_factor, cpu_mean, cpu_deviation)
-- needs: expected_hours(region, hour, share)
-- unless: load_of_its_own_shape, rows_longer_than_an_hour, rows_of_several_ticks
-- message: {server_type}: working hours are at {ratio:.2f} of the others, expected {wanted:.2f}
-- measured: furthest is {server_type}: working hours are at {ratio:.2f} of the others, expected {wanted:.2f}
-- unjudged: no hour of the day is always inside or always outside of working hours, or the data has no weekdays
-- advice: Apply the working-hours factor by the clock of the server's region.
-- Hours of the UTC day that always lie in the region's working hours are compared with those that never do; those that
-- daylight saving moves in and out are left out, and so are servers that come near the end of the range. The error is
-- measured between servers and pooled with what the documented noise, whose memory is long, leaves of so many days: `wander`
-- of its deviation between a day's hours, which counts as `weight` servers more. Three errors are allowed, and more, the
-- fewer there are (Student's t).
WITH regions AS (
    SELECT server_id, any_value(region) AS region FROM server_metrics GROUP BY server_id
), hours AS (
    SELECT server_type, server_id, hour, share, avg(cpu) AS load
    FROM ordinary
    JOIN regions USING (server_id)
    JOIN expected_hours USING (region, hour)
    WHERE NOT weekend AND share IN (0, 1)
    GROUP BY ALL
), servers AS (
    SELECT server_type, server_id, avg(load) FILTER (share = 1) AS inside, avg(load) FILTER (share = 0) AS outside,
        max(load) <= $highest AND min(load) >= 2 AS has_room
    FROM hours
    GROUP BY ALL
    HAVING inside IS NOT NULL AND outside IS NOT NULL
), lengths AS (
    SELECT count(DISTINCT "timestamp"::DATE) AS days FROM ordinary WHERE NOT weekend
), ratios AS (
    SELECT server_type, count(*) AS servers, sum(inside) / sum(outside) AS ratio,
        coalesce(sqrt(greatest(0, var_samp(inside) - 2 * ratio * covar_samp(inside, outside) + ratio ** 2 * var_samp(outside))
            / count(*)) / avg(outside), 0) AS measured
    FROM servers
    WHERE has_room
    GROUP BY server_type
), errors AS (
    SELECT expected_archetypes.server_type, ratio, coalesce(servers, 0) AS servers, working_hours_factor AS wanted,
        wanted * $wander * cpu_deviation / cpu_mean / sqrt(nullif(ratios.servers * days, 0)) AS known,
        $weight + greatest(0, ratios.servers - 1) AS freedom,
        sqrt(($weight * known ** 2 + (freedom - $weight) * measured ** 2) / freedom) AS error,
        3 * (1 + 6 / freedom) AS errors_allowed
    FROM expected_archetypes
    JOIN (SELECT DISTINCT server_type FROM servers) USING (server_type)
    LEFT JOIN ratios USING (server_type)
    CROSS JOIN lengths
)
SELECT server_type, ratio, wanted, error, servers,
    CASE
        WHEN servers = 0 OR errors_allowed * error > 0.6 * wanted THEN 'no_data'
        WHEN abs(ratio / wanted - 1) > $tolerance + errors_allowed * error / wanted THEN 'failed'
        ELSE 'passed'
    END AS status,
    CASE WHEN servers = 0 THEN 'every server comes near an end of its range, which bends the factor'
        ELSE 'the noise of so few servers and days hides working hours' END AS reason
FROM errors
ORDER BY status, abs(ratio / wanted - 1) DESC
