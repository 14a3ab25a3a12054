-- title: Readings of calm steps without spikes
-- needs: calm
-- needs: expected_archetypes(server_type, spike_probability, spike_magnitude, cpu_mean, cpu_deviation)
-- A step is taken for a spike when CPU, memory and network together say so: the sum of their log ratios to the median of
-- the cell (server, month, weekend, hour), each weighted by expected log ratio / variance, passes the half-way mark plus
-- the log odds of a spike. That is the linear discriminant between a step with the expected spike and one without.
WITH middle AS (
    SELECT
        server_id, year, month, weekend, hour,
        median(cpu) AS cpu_middle, median(memory) AS memory_middle, median(network) AS network_middle
    FROM calm
    GROUP BY ALL
), spikes AS (
    SELECT
        server_type,
        ln(spike_magnitude) AS cpu_step,
        ln(greatest(1, 0.7 * spike_magnitude)) AS memory_step,
        ln(greatest(1, 0.8 * spike_magnitude)) AS network_step,
        cpu_step / nullif((cpu_deviation / cpu_mean) ** 2, 0) AS cpu_weight,
        memory_step / nullif((memory_deviation / memory_mean) ** 2, 0) AS memory_weight,
        network_step / nullif((network_deviation / network_mean) ** 2, 0) AS network_weight,
        (cpu_step * cpu_weight + memory_step * memory_weight + network_step * network_weight) / 2
            + ln((1 - spike_probability) / nullif(spike_probability, 0)) AS mark
    FROM expected_archetypes
)
SELECT calm.*
FROM calm
JOIN middle USING (server_id, year, month, weekend, hour)
LEFT JOIN spikes USING (server_type)
WHERE coalesce(
    cpu_weight * ln(greatest(cpu, 0.01) / greatest(cpu_middle, 0.01))
        + memory_weight * ln(greatest(memory, 0.01) / greatest(memory_middle, 0.01))
        + network_weight * ln(greatest(network, 0.01) / greatest(network_middle, 0.01)) <= mark,
    true
)
