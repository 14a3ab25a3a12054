-- title: Working hours are busier than nights, by each type's factor
-- category: realism
-- severity: medium
-- status: failed
-- defect: 1
-- parameters: tolerance = 0.25, highest = 80
-- needs: ordinary, server_metrics(region), expected_archetypes(server_type, working_hours_factor)
-- needs: expected_hours(region, hour, share)
-- unless: rows_longer_than_an_hour, rows_of_several_ticks
-- message: {server_type}: working hours are at {ratio:.2f} of the others, expected {wanted:.2f}
-- measured: furthest is {server_type}: working hours are at {ratio:.2f} of the others, expected {wanted:.2f}
-- unjudged: no hour of the day is always inside or always outside of working hours, or the data has no weekdays
-- advice: Apply the working-hours factor by the clock of the server's region.
-- Hours of the UTC day that always lie in the region's working hours are compared with those that never do; those that
-- daylight saving moves in and out are left out, and so are servers that come near the end of the range.
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
), ratios AS (
    SELECT server_type, count(*) FILTER (has_room) AS roomy, sum(inside) FILTER (has_room) / sum(outside) FILTER (has_room) AS ratio,
        coalesce(sqrt(greatest(0, var_samp(inside) - 2 * ratio * covar_samp(inside, outside) + ratio ** 2 * var_samp(outside))
            / count(*)) / avg(outside), 1) AS error
    FROM servers
    GROUP BY server_type
)
SELECT server_type, ratio, working_hours_factor AS wanted, error,
    CASE
        WHEN coalesce(roomy, 0) = 0 OR error > 0.2 * working_hours_factor THEN 'no_data'
        WHEN abs(ratio / wanted - 1) > $tolerance + 2 * error / wanted THEN 'failed'
        ELSE 'passed'
    END AS status,
    CASE WHEN coalesce(roomy, 0) = 0 THEN 'every server comes near an end of its range, which bends the factor'
        ELSE 'the noise of so few servers and days hides working hours' END AS reason
FROM ratios
JOIN expected_archetypes USING (server_type)
ORDER BY status, abs(ratio / wanted - 1) DESC
