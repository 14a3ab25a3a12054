-- title: Correlation of the metrics
-- columns: left_metric, right_metric, correlation
-- needs: server_metrics(cpu_p95, mem_p95, disk_p95, net_in_p95, net_out_p95)
WITH pairs AS (
    SELECT
        1.0 AS "CPU|CPU", 1.0 AS "Memory|Memory", 1.0 AS "Disk|Disk", 1.0 AS "Net in|Net in", 1.0 AS "Net out|Net out",
        corr(cpu_p95, mem_p95) AS "CPU|Memory", corr(cpu_p95, disk_p95) AS "CPU|Disk",
        corr(cpu_p95, net_in_p95) AS "CPU|Net in", corr(cpu_p95, net_out_p95) AS "CPU|Net out",
        corr(mem_p95, disk_p95) AS "Memory|Disk", corr(mem_p95, net_in_p95) AS "Memory|Net in",
        corr(mem_p95, net_out_p95) AS "Memory|Net out", corr(disk_p95, net_in_p95) AS "Disk|Net in",
        corr(disk_p95, net_out_p95) AS "Disk|Net out", corr(net_in_p95, net_out_p95) AS "Net in|Net out"
    FROM server_metrics
), long AS (
    SELECT split_part(pair, '|', 1) AS one, split_part(pair, '|', 2) AS other, correlation
    FROM (UNPIVOT pairs ON * INTO NAME pair VALUE correlation)
), both_ways AS (
    SELECT one AS left_metric, other AS right_metric, correlation FROM long
    UNION
    SELECT other, one, correlation FROM long
)
SELECT left_metric, right_metric, correlation
FROM both_ways
ORDER BY
    list_position(['CPU', 'Memory', 'Disk', 'Net in', 'Net out'], left_metric),
    list_position(['CPU', 'Memory', 'Disk', 'Net in', 'Net out'], right_metric)
