-- title: No server stands still
-- category: realism
-- severity: high
-- status: failed
-- parameters: least_deviation = 0.05
-- needs: server_metrics(server_id, cpu_p95, mem_p95, disk_p95, net_in_p95)
-- message: {count} servers are flat, the first {server_id}: deviations {cpu:.3f} CPU, {memory:.3f} memory, {network:.3f} network
-- measured: every server's readings move
-- advice: A flat line is a stuck agent or a filled gap; look at the named server.
SELECT server_id, stddev_samp(cpu_p95) AS cpu, stddev_samp(mem_p95) AS memory, stddev_samp(disk_p95) AS disk,
    stddev_samp(net_in_p95) AS network
FROM server_metrics
WHERE server_id IS NOT NULL
GROUP BY server_id
HAVING count(*) > 3 AND least(cpu, memory, disk, network) < $least_deviation
ORDER BY server_id
