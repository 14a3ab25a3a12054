-- title: Readings of steps that are neither quarter end nor holiday
-- needs: server_metrics(timestamp, server_id, server_type, cpu_p95, mem_p95, disk_p95, net_in_p95), moments
SELECT
    server_id, server_type, "timestamp", moments.year, moments.month, weekend, hour,
    cpu_p95 AS cpu, mem_p95 AS memory, disk_p95 AS disk, net_in_p95 AS network
FROM server_metrics
JOIN moments USING ("timestamp")
WHERE calm AND server_id IS NOT NULL
