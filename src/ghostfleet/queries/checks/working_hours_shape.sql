-- title: Working hours are busier than nights, by each type's factor
-- category: realism
-- severity: medium
-- status: failed
-- defect: 1
-- parameters: tolerance = 0.25
-- needs: ordinary, server_metrics(region), expected_archetypes(server_type, working_hours_factor), expected_data(intraday, step_s)
-- message: {server_type}: the eight working hours are at {ratio:.2f} of the others, expected {wanted:.2f}
-- measured: furthest is {server_type}: the eight working hours are at {ratio:.2f} of the others, expected {wanted:.2f}
-- advice: Apply the working-hours factor by the clock of the server's region.
-- Regions keep their own hours, so each region's eight busiest (or quietest) hours are compared with its twelve on the other side.
WITH regions AS (
    SELECT server_id, any_value(region) AS region FROM server_metrics GROUP BY server_id
), hours AS (
    SELECT server_type, region, hour, avg(cpu) AS load
    FROM ordinary JOIN regions USING (server_id) WHERE NOT weekend GROUP BY ALL
), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY server_type, region ORDER BY load DESC) AS place, count(*) OVER (PARTITION BY server_type, region) AS places
    FROM hours
), ratios AS (
    SELECT server_type, region,
        avg(load) FILTER (place <= 8) / avg(load) FILTER (place > 12) AS busy,
        avg(load) FILTER (place > 16) / avg(load) FILTER (place <= 12) AS quiet
    FROM ranked WHERE places = 24 GROUP BY ALL
)
SELECT server_type, avg(CASE WHEN working_hours_factor >= 1 THEN busy ELSE quiet END) AS ratio, working_hours_factor AS wanted,
    CASE WHEN abs(ratio / wanted - 1) > $tolerance THEN 'failed' ELSE 'passed' END AS status
FROM ratios
JOIN expected_archetypes USING (server_type)
CROSS JOIN expected_data
WHERE step_s <= 3600
GROUP BY server_type, working_hours_factor
ORDER BY status, abs(ratio / wanted - 1) DESC
