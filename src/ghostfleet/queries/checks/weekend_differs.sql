-- title: Weekends are quieter or busier by each type's factor
-- category: realism
-- severity: medium
-- status: failed
-- defect: 8
-- parameters: tolerance = 0.15
-- needs: calm, expected_data(weekly, intraday, step_s)
-- needs: expected_archetypes(server_type, weekend_factor)
-- message: {server_type}: weekend CPU is {ratio:.2f} of weekdays, expected {wanted:.2f}
-- measured: furthest is {server_type}: weekend CPU is {ratio:.2f} of weekdays, expected {wanted:.2f}
-- advice: Apply the archetype's weekend factor on Saturdays and Sundays.
WITH months AS (
    SELECT server_type, server_id, year, month, avg(cpu) FILTER (weekend) AS weekend, avg(cpu) FILTER (NOT weekend) AS weekday
    FROM calm
    GROUP BY ALL
), ratios AS (
    SELECT server_type, sum(weekend) / sum(weekday) AS ratio,
        coalesce(stddev_samp(weekend / nullif(weekday, 0)) / sqrt(count(*)), 1) AS error
    FROM months
    WHERE weekend IS NOT NULL AND weekday IS NOT NULL
    GROUP BY ALL
)
SELECT server_type, ratio, CASE WHEN weekly THEN weekend_factor ELSE 1 END AS wanted, error,
    CASE
        WHEN intraday AND step_s >= 86400 THEN 'no_data'
        WHEN abs(ratio / wanted - 1) > greatest($tolerance, 3 * error) THEN 'failed'
        ELSE 'passed'
    END AS status,
    'rows are the 95th percentile of their hours, in which noise outweighs the factor' AS reason
FROM ratios
JOIN expected_archetypes USING (server_type)
CROSS JOIN expected_data
ORDER BY status, abs(ratio / wanted - 1) DESC
