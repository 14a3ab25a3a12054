-- title: Weekends are quieter or busier by each type's factor
-- category: realism
-- severity: medium
-- status: failed
-- defect: 8
-- parameters: tolerance = 0.15, highest = 80, wander = 0.6, weight = 10
-- needs: calm, expected_data(weekly, step_s)
-- needs: expected_archetypes(server_type, weekend_factor, cpu_mean, cpu_deviation, spike_probability, spike_magnitude)
-- unless: load_of_its_own_shape, rows_longer_than_a_day, rows_of_several_ticks
-- message: {server_type}: weekend CPU is {ratio:.2f} of weekdays, expected {wanted:.2f}
-- measured: furthest is {server_type}: weekend CPU is {ratio:.2f} of weekdays, expected {wanted:.2f}
-- unjudged: no month has both weekdays and weekends that are neither holiday nor quarter end
-- advice: Apply the archetype's weekend factor on Saturdays and Sundays.
-- The error is that of a mean over (server, month), pooled with what the documented noise, whose memory is long, leaves of so
-- many weekends: `wander` of its deviation from one weekend to its week, and spikes; that counts as `weight` servers more.
-- Three errors are allowed, and more, the fewer there are (Student's t). Servers whose weekdays or weekends come near an end of the range in a year are left out: there the range bends the factor.
WITH hours AS (
    SELECT server_type, server_id, year, hour, avg(cpu) FILTER (NOT weekend) AS load
    FROM calm
    GROUP BY ALL
), rooms AS (
    SELECT server_id, year, max(load) * greatest(1, any_value(weekend_factor)) <= $highest
        AND min(load) * least(1, any_value(weekend_factor)) >= 2 AS has_room
    FROM hours
    JOIN expected_archetypes USING (server_type)
    GROUP BY ALL
), months AS (
    SELECT server_type, server_id, year, month, avg(cpu) FILTER (weekend) AS weekend, avg(cpu) FILTER (NOT weekend) AS weekday, has_room
    FROM calm
    JOIN rooms USING (server_id, year)
    GROUP BY ALL
    HAVING weekend IS NOT NULL AND weekday IS NOT NULL
), lengths AS (
    SELECT count(DISTINCT "timestamp"::DATE) FILTER (weekend) / 2.0 AS weekends FROM calm
), ratios AS (
    SELECT server_type, count(DISTINCT server_id) FILTER (has_room) AS roomy,
        sum(weekend) FILTER (has_room) / sum(weekday) FILTER (has_room) AS ratio,
        coalesce(stddev_samp(weekend / nullif(weekday, 0)) FILTER (has_room) / sqrt(count(*) FILTER (has_room)), 0) AS measured
    FROM months
    GROUP BY ALL
), errors AS (
    SELECT ratios.*, CASE WHEN weekly THEN weekend_factor ELSE 1 END AS wanted,
        wanted * sqrt((($wander * cpu_deviation / cpu_mean) ** 2
            + spike_probability * (spike_magnitude - 1) ** 2 / greatest(1, 172800 / step_s)) / nullif(roomy * weekends, 0)) AS known,
        $weight + greatest(0, roomy - 1) AS freedom,
        sqrt(($weight * known ** 2 + (freedom - $weight) * measured ** 2) / freedom) AS error,
        3 * (1 + 6 / freedom) AS errors_allowed
    FROM ratios
    JOIN expected_archetypes USING (server_type)
    CROSS JOIN expected_data
    CROSS JOIN lengths
)
SELECT server_type, ratio, wanted, error, roomy,
    CASE
        WHEN coalesce(roomy, 0) = 0 OR errors_allowed * error > 0.6 * wanted THEN 'no_data'
        WHEN abs(ratio / wanted - 1) > $tolerance + errors_allowed * error / wanted THEN 'failed'
        ELSE 'passed'
    END AS status,
    CASE WHEN coalesce(roomy, 0) = 0 THEN 'every server comes near an end of its range, which bends the factor'
        ELSE 'the noise of so few servers and weekends hides the weekend' END AS reason
FROM errors
ORDER BY status, abs(ratio / wanted - 1) DESC
