-- title: Percentiles of latency rise
-- category: validity
-- severity: high
-- status: failed
-- tables: network_metrics
-- needs: network_metrics(source_service, target_service, p50_latency_ms, p95_latency_ms, p99_latency_ms)
-- message: {count} rows are out of order, the first in row {file_row}: p50 {p50_latency_ms:g}, p95 {p95_latency_ms:g}, p99 {p99_latency_ms:g}
-- measured: p50, p95 and p99 rise in every row
-- advice: Take the percentiles of a row from one distribution.
SELECT file_row, source_service, target_service, p50_latency_ms, p95_latency_ms, p99_latency_ms
FROM network_metrics
WHERE p50_latency_ms > p95_latency_ms OR p95_latency_ms > p99_latency_ms
ORDER BY file_row
