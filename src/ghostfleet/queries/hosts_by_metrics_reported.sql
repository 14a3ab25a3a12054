-- title: Hosts by the metrics that they report
-- columns: metrics_reported, hosts, share_pct
-- needs: host_metrics(host_id, cpu, memory, disk_read, disk_write, net_in, net_out)
WITH reported AS (
    SELECT host_id, [
        CASE WHEN count(cpu) > 0 THEN 'cpu' END,
        CASE WHEN count(memory) > 0 THEN 'memory' END,
        CASE WHEN count(disk_read) + count(disk_write) > 0 THEN 'disk' END,
        CASE WHEN count(net_in) + count(net_out) > 0 THEN 'network' END
    ] AS names
    FROM host_metrics
    WHERE host_id IS NOT NULL
    GROUP BY host_id
)
SELECT coalesce(nullif(array_to_string(list_filter(names, lambda name: name IS NOT NULL), ', '), ''), 'none') AS metrics_reported,
    count(*) AS hosts, 100 * count(*) / sum(count(*)) OVER () AS share_pct
FROM reported
GROUP BY ALL
ORDER BY hosts DESC, metrics_reported
