-- title: No more requests fail than there are, and no more time out than fail
-- category: validity
-- severity: high
-- status: failed
-- tables: network_metrics
-- needs: network_metrics(time, source_service, target_service, request_count, error_count, timeout_count)
-- message: {count} rows are impossible, the first in row {file_row}: {request_count} requests, {error_count} errors, {timeout_count} time-outs
-- measured: errors are within requests, time-outs within errors
-- advice: Split requests into outcomes instead of drawing each number by itself.
SELECT file_row, source_service, target_service, request_count, error_count, timeout_count
FROM network_metrics
WHERE error_count > request_count OR timeout_count > error_count
ORDER BY file_row
