-- title: Ordinary readings minus the mean of their server, month, weekend and hour
-- needs: ordinary
WITH cells AS (
    SELECT
        server_id, year, month, weekend, hour,
        avg(cpu) AS cpu_level, avg(memory) AS memory_level, avg(disk) AS disk_level, avg(network) AS network_level
    FROM ordinary
    GROUP BY ALL
    HAVING count(*) >= 4
)
SELECT
    server_id, server_type, "timestamp", cpu_level, memory_level, disk_level, network_level,
    cpu - cpu_level AS cpu, memory - memory_level AS memory, disk - disk_level AS disk, network - network_level AS network
FROM ordinary
JOIN cells USING (server_id, year, month, weekend, hour)
