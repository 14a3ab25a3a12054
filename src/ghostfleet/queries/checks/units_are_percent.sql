-- title: Percentages run from 0 to 100, not from 0 to 1
-- category: validity
-- severity: high
-- status: failed
-- defect: 15
-- needs: server_metrics(cpu_p95, mem_p95, disk_p95)
-- optional: expected_archetypes(share, cpu_mean, memory_mean, disk_mean)
-- message: {column_name} never passes {highest:g}; percentages were expected, not shares
-- measured: percentages pass 1.5
-- advice: Multiply shares by 100; one scale is used everywhere.
WITH highest AS (SELECT max(cpu_p95) AS cpu_p95, max(mem_p95) AS mem_p95, max(disk_p95) AS disk_p95 FROM server_metrics),
levels AS (
    FROM (UNPIVOT (
        SELECT max(cpu_mean) AS cpu_p95, max(memory_mean) AS mem_p95, max(disk_mean) AS disk_p95 FROM expected_archetypes WHERE share > 0
    ) ON * INTO NAME column_name VALUE level)
)
SELECT column_name, highest
FROM (UNPIVOT highest ON * INTO NAME column_name VALUE highest)
LEFT JOIN levels USING (column_name)
WHERE highest <= 1.5 AND coalesce(level, 100) > 3
