-- title: Nothing is created by reading, and an answer without content has none
-- category: validity
-- severity: medium
-- status: failed
-- tables: events
-- needs: events(event_id, source_method, metrics_status_code, metrics_response_size_bytes)
-- message: {count} events are impossible, the first in row {file_row}: {source_method} answered {metrics_status_code} with {metrics_response_size_bytes} bytes
-- measured: no GET is answered with 201, no 204 has a body and all others have one
-- advice: Draw the status of those that the method may have; 204 has no body.
SELECT file_row, event_id, source_method, metrics_status_code, metrics_response_size_bytes
FROM events
WHERE (source_method = 'GET' AND metrics_status_code = 201)
    OR (metrics_status_code = 204) <> (metrics_response_size_bytes = 0)
ORDER BY file_row
