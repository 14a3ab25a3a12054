-- title: Correlation of the metrics within hosts
-- columns: left_metric, right_metric, correlation
-- needs: host_metrics(host_id, cpu, memory, disk_read, disk_write, net_in, net_out)
-- Pooled over hosts after each host's mean is taken off, over the rows that have both metrics. Readings are divided by
-- the host's deviation as well: rates differ by orders of magnitude, and the one host that writes most would drown all
-- others. That is the mean of the hosts' correlations by their rows; a metric that stands still has none.
WITH metrics AS (
    SELECT * FROM (
        VALUES (1, 'CPU'), (2, 'Memory'), (3, 'Disk read'), (4, 'Disk write'), (5, 'Net in'), (6, 'Net out')
    ) AS t (place, metric)
), pairs AS (
    SELECT one.place AS one, other.place AS other FROM metrics AS one JOIN metrics AS other ON one.place <= other.place
), readings AS (
    SELECT host_id, [cpu, memory, disk_read, disk_write, net_in, net_out] AS reading
    FROM host_metrics
    WHERE host_id IS NOT NULL
), sums AS (
    SELECT host_id, one, other, regr_count(reading[one], reading[other]) AS pairs,
        regr_sxy(reading[one], reading[other]) AS together,
        regr_syy(reading[one], reading[other]) AS one_alone, regr_sxx(reading[one], reading[other]) AS other_alone
    FROM readings
    CROSS JOIN pairs
    GROUP BY ALL
), pooled AS (
    SELECT one, other,
        sum(pairs * together / sqrt(one_alone * other_alone)) FILTER (one_alone > 0 AND other_alone > 0)
            / sum(pairs) FILTER (one_alone > 0 AND other_alone > 0) AS correlation
    FROM sums
    GROUP BY ALL
), both_ways AS (
    SELECT one, other, correlation FROM pooled
    UNION
    SELECT other, one, correlation FROM pooled
)
SELECT one.metric AS left_metric, other.metric AS right_metric, correlation
FROM both_ways
JOIN metrics AS one ON one.place = both_ways.one
JOIN metrics AS other ON other.place = both_ways.other
ORDER BY one.place, other.place
