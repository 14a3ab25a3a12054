-- title: No server stands still, not even for a while
-- category: realism
-- severity: high
-- status: failed
-- parameters: least_deviation = 0.05, most_unchanged = 0.03, most_equal = 0.06, least_steps = 12, coarse_below = 0.2
-- needs: server_metrics(server_id, timestamp, cpu_p95, mem_p95, disk_p95, net_in_p95, net_out_p95), declared_columns
-- unless: load_of_its_own_shape
-- optional: expected_archetypes(server_type, cpu_deviation, memory_deviation, disk_deviation, network_deviation)
-- message: {count} readings are flat, the first {server_id} {column_name}: deviation {deviation:.3f}, {unchanged} of {steps} steps unchanged, {run} of them {until}; {equal} at one value
-- measured: every server's readings move
-- advice: A flat line is a stuck agent or a filled gap; look at the named server.
-- Readings have two decimals, so that a quiet metric repeats itself now and then: the smaller the documented deviation, the
-- more is allowed. Values at the end of their range are the business of few_values_at_bounds. A run of equal values is
-- a standstill from `least_steps` on, except of values so low that two decimals hold few steps of them.
WITH readings AS (
    UNPIVOT (SELECT server_id, "timestamp", cpu_p95, mem_p95, disk_p95, net_in_p95, net_out_p95 FROM server_metrics WHERE server_id IS NOT NULL)
    ON cpu_p95, mem_p95, disk_p95, net_in_p95, net_out_p95 INTO NAME column_name VALUE value
), followed AS (
    SELECT server_id, column_name, value, "timestamp", value = lag(value) OVER series AS is_unchanged, row_number() OVER series AS place
    FROM readings
    WINDOW series AS (PARTITION BY server_id, column_name ORDER BY "timestamp")
), repeated AS (
    SELECT *, place - row_number() OVER (PARTITION BY server_id, column_name ORDER BY place) AS island FROM followed WHERE is_unchanged
), runs AS (
    SELECT server_id, column_name, 1 + count(*) AS run, max("timestamp") AS until, any_value(value) AS value
    FROM repeated
    GROUP BY server_id, column_name, island
), longest AS (
    SELECT server_id, column_name, max(run) AS run, arg_max(until, run) AS until
    FROM runs
    JOIN declared_columns USING (column_name)
    WHERE table_name = 'server_metrics' AND value >= low + $coarse_below AND value < high
    GROUP BY ALL
), counts AS (
    SELECT server_id, column_name, value, count(*) AS steps, count(*) FILTER (is_unchanged) AS unchanged
    FROM followed GROUP BY ALL
), facts AS (
    SELECT server_id, column_name, sum(steps) AS steps,
        sqrt(greatest(0, sum(steps * value ** 2) - sum(steps * value) ** 2 / sum(steps)) / nullif(sum(steps) - 1, 0)) AS deviation,
        coalesce(sum(unchanged) FILTER (value > low AND value < high), 0) AS unchanged,
        coalesce(max(counts.steps) FILTER (value > low AND value < high), 0) AS equal
    FROM counts
    JOIN declared_columns USING (column_name)
    WHERE table_name = 'server_metrics'
    GROUP BY ALL
), allowed AS (
    SELECT coalesce(least(1, 0.02 / min(least(cpu_deviation, memory_deviation, disk_deviation, network_deviation))), 0) AS coarse
    FROM expected_archetypes
)
SELECT server_id, column_name, deviation, unchanged, equal, steps, coalesce(run, 1) AS run,
    coalesce('in a row until ' || strftime(until, '%Y-%m-%d %H:%M'), 'in a row') AS until
FROM facts
LEFT JOIN longest USING (server_id, column_name)
CROSS JOIN allowed
WHERE (steps > 3 AND deviation < $least_deviation * (1 - coarse))
    OR unchanged >= $least_steps - 1 + (steps * ($most_unchanged + coarse))
    OR equal >= $least_steps + steps * ($most_equal + coarse)
    OR run >= $least_steps / nullif(1 - coarse, 0)
ORDER BY server_id, column_name
