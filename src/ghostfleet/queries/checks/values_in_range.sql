-- title: Every metric is within its documented range
-- category: validity
-- severity: high
-- status: failed
-- needs: server_metrics(server_id, timestamp, cpu_p95, mem_p95, disk_p95, net_in_p95, net_out_p95), declared_columns
-- message: {count} values are out of range, the first in row {file_row}: {column_name} = {value:g}, valid is {low:g} to {high:g}
-- measured: every value is within its range
-- advice: Check units: percentages run to 100, inbound traffic to 1000 Mbps, outbound to 600.
WITH readings AS (
    UNPIVOT (SELECT file_row, server_id, "timestamp", cpu_p95, mem_p95, disk_p95, net_in_p95, net_out_p95 FROM server_metrics)
    ON cpu_p95, mem_p95, disk_p95, net_in_p95, net_out_p95 INTO NAME column_name VALUE value
)
SELECT file_row, server_id, "timestamp", column_name, value, low, high
FROM readings
JOIN declared_columns USING (column_name)
WHERE table_name = 'server_metrics' AND NOT value BETWEEN low AND high
ORDER BY file_row
