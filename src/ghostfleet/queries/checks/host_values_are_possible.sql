-- title: No host reports what cannot be
-- category: validity
-- severity: high
-- status: failed
-- needs: host_metrics(host_id, time, cpu, memory, disk_read, disk_write, net_in, net_out)
-- message: {count} rows cannot be, the first in row {file_row}: {host_id} at {time}, {metric} is {value:g}
-- measured: nothing is negative, and no more than all of CPU and memory is in use
-- advice: Shares lie in 0 to 100 and rates are not negative; anything else is an error of the writer.
SELECT file_row, host_id, "time", metric, value
FROM (
    UNPIVOT host_metrics
    ON cpu, memory, disk_read, disk_write, net_in, net_out
    INTO NAME metric VALUE value
)
WHERE value < 0 OR (metric IN ('cpu', 'memory') AND value > 100)
ORDER BY file_row, metric
