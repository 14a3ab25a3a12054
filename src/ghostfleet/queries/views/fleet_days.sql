-- title: Mean load of the fleet on each day, against ordinary days of the same kind within four weeks
-- needs: server_metrics(timestamp, server_id, cpu_p95, mem_p95, net_in_p95), moments
-- Load is the mean of CPU, memory and network, each over its own mean, so that no metric outweighs the others.
-- CPU stands alone as well: a trough in one metric must not hide behind the others.
-- The error is that of a mean over servers, from the spread of their own ratios.
WITH means AS (
    SELECT server_id, avg(cpu_p95) AS cpu, avg(mem_p95) AS memory, avg(net_in_p95) AS network
    FROM server_metrics
    GROUP BY server_id
), loads AS (
    SELECT
        server_id, day,
        avg((cpu_p95 / nullif(cpu, 0) + mem_p95 / nullif(memory, 0) + net_in_p95 / nullif(network, 0)) / 3) AS load,
        avg(cpu_p95 / nullif(cpu, 0)) AS cpu_load
    FROM server_metrics
    JOIN means USING (server_id)
    JOIN moments USING ("timestamp")
    GROUP BY ALL
), days AS (
    SELECT DISTINCT day, year, quarter, month, weekday, weekend, days_left, is_quarter_end, rush, is_holiday, holiday_factor, calm
    FROM moments
), fleet AS (
    SELECT day, avg(load) AS load, stddev_samp(load) / sqrt(count(*)) AS error, count(*) AS servers,
        avg(cpu_load) AS cpu_load, stddev_samp(cpu_load) / sqrt(count(*)) AS cpu_error
    FROM loads
    GROUP BY day
), kinds AS (
    SELECT day, weekend, load, cpu_load FROM fleet JOIN days USING (day) WHERE calm
), usual AS (
    SELECT days.day, avg(kinds.load) AS usual, avg(kinds.cpu_load) AS usual_cpu
    FROM days
    JOIN kinds ON kinds.weekend = days.weekend AND abs(kinds.day - days.day) BETWEEN 1 AND 31
    GROUP BY days.day
)
SELECT days.*, load, servers, usual, load / usual AS ratio, coalesce(error / usual, 0.5) AS ratio_error,
    cpu_load / usual_cpu AS cpu_ratio, coalesce(cpu_error / usual_cpu, 0.5) AS cpu_ratio_error
FROM fleet
JOIN days USING (day)
JOIN usual USING (day)
