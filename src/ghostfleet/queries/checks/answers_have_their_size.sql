-- title: Errors say little, and other answers more
-- category: validity
-- severity: medium
-- status: failed
-- tables: events
-- needs: events(event_id, metrics_status_code, metrics_response_size_bytes)
-- message: {count} answers are too small or too large, the first in row {file_row}: {metrics_response_size_bytes} B with {metrics_status_code}
-- measured: errors have 50 to 500 B, other answers 200 B at least
-- advice: Let the size of an answer follow from its status.
SELECT file_row, event_id, metrics_status_code, metrics_response_size_bytes
FROM events
WHERE metrics_status_code <> 204
    AND CASE WHEN metrics_status_code >= 400 THEN metrics_response_size_bytes NOT BETWEEN 50 AND 500 ELSE metrics_response_size_bytes < 200 END
ORDER BY file_row
