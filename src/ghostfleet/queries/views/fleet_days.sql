-- title: Load of the fleet on each day, against ordinary days of the same kind within a month, with what was expected
-- needs: server_metrics(timestamp, server_id, cpu_p95, mem_p95, net_in_p95), moments
-- Load is the sum of CPU, memory and network, each over its own mean, so that no metric outweighs the others.
-- CPU stands alone as well: a trough in one metric must not hide behind the others.
-- A metric counts while its usual level is far from both ends of its range, where it would bend what days do to it.
-- The error is that of a ratio of sums over servers, or what calm days show of it where that is more; of the CPU of fewer
-- than five servers nothing is said.
WITH readings AS (
    SELECT server_id, day, avg(cpu_p95) AS cpu, avg(mem_p95) AS memory, avg(net_in_p95) / 10 AS network
    FROM server_metrics
    JOIN moments USING ("timestamp")
    WHERE server_id IS NOT NULL
    GROUP BY ALL
), days AS (
    SELECT DISTINCT day, date_diff('day', DATE '1970-01-01', day) AS number, year, quarter, month, weekday, weekend,
        days_left, is_quarter_end, rush, is_holiday, holiday_factor, day_factor, calm
    FROM moments
), beside AS (
    SELECT server_id, day, calm, day_factor, cpu, memory, network,
        avg(cpu) FILTER (calm) OVER near AS cpu_usual, avg(memory) FILTER (calm) OVER near AS memory_usual,
        avg(network) FILTER (calm) OVER near AS network_usual, count(*) FILTER (calm) OVER near AS compared
    FROM readings
    JOIN days USING (day)
    WINDOW near AS (
        PARTITION BY server_id, weekend ORDER BY number
        RANGE BETWEEN 31 PRECEDING AND 31 FOLLOWING EXCLUDE CURRENT ROW
    )
), means AS (
    SELECT server_id, avg(cpu) AS cpu_mean, avg(memory) AS memory_mean, avg(network) AS network_mean
    FROM readings GROUP BY server_id
), parts AS (
    SELECT server_id, day, unnest([
        {own: true, load: cpu / cpu_mean, usual: cpu_usual / cpu_mean, level: cpu_usual},
        {own: false, load: memory / memory_mean, usual: memory_usual / memory_mean, level: memory_usual},
        {own: false, load: network / network_mean, usual: network_usual / network_mean, level: network_usual}
    ], recursive := true), day_factor
    FROM beside
    JOIN means USING (server_id)
    WHERE compared >= 3
), loads AS (
    SELECT server_id, day, sum(load) AS load, sum(usual) AS usual, sum(load) FILTER (own) AS cpu, sum(usual) FILTER (own) AS cpu_usual
    FROM parts
    WHERE load IS NOT NULL AND usual > 0 AND level >= 2 AND level * greatest(1, day_factor) <= 80
    GROUP BY ALL
), ratios AS (
    SELECT day, sum(load) / sum(usual) AS ratio, sum(cpu) / sum(cpu_usual) AS cpu_ratio, count(*) AS servers, count(cpu) AS cpu_servers,
        sqrt(greatest(0, var_samp(load) - 2 * ratio * covar_samp(load, usual) + ratio ** 2 * var_samp(usual)) / count(*))
            / avg(usual) AS error,
        sqrt(greatest(0, var_samp(cpu) - 2 * cpu_ratio * covar_samp(cpu, cpu_usual) + cpu_ratio ** 2 * var_samp(cpu_usual))
            / count(cpu)) / avg(cpu_usual) AS cpu_error
    FROM loads
    GROUP BY day
), shown AS (
    SELECT CASE WHEN count(*) >= 10 THEN stddev_samp(ratio) END AS spread, CASE WHEN count(*) >= 10 THEN stddev_samp(cpu_ratio) END AS cpu_spread
    FROM ratios JOIN days USING (day)
    WHERE calm
)
SELECT days.* EXCLUDE (number), servers, cpu_servers, ratio, cpu_ratio,
    coalesce(greatest(error, spread), 1) AS ratio_error, CASE WHEN cpu_servers >= 5 THEN coalesce(greatest(cpu_error, cpu_spread), 1) ELSE 1 END AS cpu_ratio_error
FROM ratios
JOIN days USING (day)
CROSS JOIN shown
