-- title: No metric is negative
-- category: validity
-- severity: high
-- status: failed
-- needs: server_metrics(server_id, timestamp, cpu_p95, mem_p95, disk_p95, net_in_p95, net_out_p95)
-- message: {count} rows are negative, the first in row {file_row}: {server_id} at {timestamp}, lowest value {lowest:g}
-- measured: no value is below zero
-- advice: Loads are shares and rates; a negative one is an error of the writer.
SELECT file_row, server_id, "timestamp", least(cpu_p95, mem_p95, disk_p95, net_in_p95, net_out_p95) AS lowest
FROM server_metrics
WHERE lowest < 0
ORDER BY file_row
