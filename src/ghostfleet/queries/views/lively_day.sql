-- title: Rows of one lively host over one day
-- needs: host_metrics(host_id, time, cpu, memory, disk_read, disk_write, net_in, net_out)
-- Of the hosts that report the most metrics the one whose CPU deviates most, on the day on which it deviates most. Days
-- that lack rows are left out while there are whole ones; of equals the first is taken.
WITH days AS (
    SELECT
        host_id, "time"::DATE AS day, count(*) AS day_rows, coalesce(stddev_pop(cpu), 0) AS deviation,
        (count(cpu) > 0)::INT + (count(memory) > 0)::INT + (count(disk_read) > 0)::INT + (count(disk_write) > 0)::INT
            + (count(net_in) > 0)::INT + (count(net_out) > 0)::INT AS reported
    FROM host_metrics
    WHERE host_id IS NOT NULL AND "time" IS NOT NULL
    GROUP BY ALL
), whole AS (
    SELECT * FROM days WHERE day_rows = (SELECT max(day_rows) FROM days)
), chosen AS (
    SELECT host_id, day
    FROM whole
    JOIN (
        SELECT host_id, max(reported) AS most, sqrt(avg(deviation ** 2)) AS usual FROM whole GROUP BY host_id
    ) AS hosts USING (host_id)
    ORDER BY most DESC, round(usual, 6) DESC, host_id, reported DESC, round(deviation, 6) DESC, day
    LIMIT 1
)
SELECT host_metrics.*, strftime(chosen.day, '%Y-%m-%d') AS day
FROM host_metrics
JOIN chosen ON host_metrics.host_id = chosen.host_id AND host_metrics."time"::DATE = chosen.day
