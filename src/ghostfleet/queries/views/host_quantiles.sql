-- title: Quantiles of each metric of hosts over all rows
-- needs: host_metrics(cpu, memory, disk_read, disk_write, net_in, net_out)
-- Values are counted, and counts summed in their order, because that may lie on disk: the engine's own quantiles hold all
-- values in memory, which a year of hosts fills. Between two values they are linear, as those are. Of two million rows and more
-- values are told to five digits: nearly all would differ otherwise, and to count them would take minutes.
WITH digits AS (
    SELECT count(*) >= 2000000 AS five FROM host_metrics
), counted AS (
    SELECT metric, CASE WHEN five AND value > 0 THEN round(value, 4 - floor(log10(value))::INTEGER) ELSE value END AS value,
        count(*) AS times
    FROM host_metrics
    UNPIVOT (value FOR metric IN (cpu, memory, disk_read, disk_write, net_in, net_out))
    CROSS JOIN digits
    GROUP BY ALL
), summed AS (
    SELECT metric, value, times, (sum(times) OVER (PARTITION BY metric ORDER BY value))::BIGINT AS up_to FROM counted
), totals AS (
    SELECT metric, count(*) AS there
    FROM host_metrics
    UNPIVOT (value FOR metric IN (cpu, memory, disk_read, disk_write, net_in, net_out))
    GROUP BY metric
), places AS (
    SELECT metric, share::DOUBLE AS share, floor(share * (there - 1))::BIGINT AS low, ceil(share * (there - 1))::BIGINT AS high,
        (share * (there - 1) - low)::DOUBLE AS part
    FROM totals
    CROSS JOIN (VALUES (0.1), (0.25), (0.5), (0.75), (0.9), (0.95), (0.99), (1)) AS shares (share)
)
SELECT metric, share, min(value) + any_value(part) * (max(value) - min(value)) AS value
FROM summed
JOIN places USING (metric)
WHERE up_to > low AND up_to - times <= high
GROUP BY metric, share
