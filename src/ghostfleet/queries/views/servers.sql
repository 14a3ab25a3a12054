-- title: One row per server with its mean readings
-- needs: server_metrics(server_id, server_type, cpu_p95, mem_p95, disk_p95, net_in_p95)
SELECT
    server_id, any_value(server_type) AS server_type, count(*) AS steps,
    avg(cpu_p95) AS cpu, avg(mem_p95) AS memory, avg(disk_p95) AS disk, avg(net_in_p95) AS network
FROM server_metrics
WHERE server_id IS NOT NULL
GROUP BY server_id
