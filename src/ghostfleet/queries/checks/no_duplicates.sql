-- title: A server has one row per step
-- category: consistency
-- severity: high
-- status: failed
-- defect: 11
-- needs: server_metrics(server_id, timestamp)
-- message: {count} rows are doubled, the first {server_id} at {timestamp}, again in row {file_row} ({times} times in all)
-- measured: no row is doubled
-- advice: Keep one row per server and step; the usual cause is a file that was appended twice.
SELECT server_id, "timestamp", count(*) AS times, max(file_row) AS file_row
FROM server_metrics
WHERE server_id IS NOT NULL AND "timestamp" IS NOT NULL
GROUP BY ALL
HAVING times > 1
ORDER BY file_row
