-- title: Only what is read and found comes from a cache
-- category: validity
-- severity: low
-- status: failed
-- tables: events
-- needs: events(event_id, source_method, metrics_status_code, metrics_cache_hit)
-- message: {count} events cannot come from a cache, the first in row {file_row}: {source_method} answered {metrics_status_code}
-- measured: every hit is a GET answered with 200
-- advice: Let a cache answer GET with 200, and nothing else.
SELECT file_row, event_id, source_method, metrics_status_code
FROM events
WHERE metrics_cache_hit AND NOT (source_method = 'GET' AND metrics_status_code = 200)
ORDER BY file_row
