-- title: Why the week cannot be seen where the scenario makes weekends like other days, or too few servers hide them
-- needs: expected_data(weekly, servers)
-- optional: expected_archetypes(share, cpu_mean, cpu_deviation, weekend_factor, spike_probability, spike_magnitude)
-- With weekends at w times the weekdays, the variance of daily load is (w - 1)² 2/7 5/7 and that of the noise a server's,
-- spikes included, over their number; their share of the sum is the correlation after seven days.
WITH facts AS (
    SELECT sum(share * cpu_mean * weekend_factor) / nullif(sum(share * cpu_mean), 0) AS weekend,
        sum(share * (cpu_deviation ** 2 + spike_probability * (cpu_mean * (spike_magnitude - 1)) ** 2))
            / nullif(sum(share * cpu_mean) ** 2, 0) AS noise
    FROM expected_archetypes
)
SELECT CASE WHEN weekly THEN 'weekends are at ' || round(weekend, 2) || ' of weekdays, which the noise of ' || servers || ' servers hides'
    ELSE 'the scenario makes weekends like other days' END AS reason
FROM expected_data
CROSS JOIN facts
WHERE NOT weekly OR (weekend - 1) ** 2 * 10 / 49 < 2 * noise / servers
