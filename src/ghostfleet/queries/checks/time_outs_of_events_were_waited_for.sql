-- title: An event that says that something timed out has waited for it
-- category: consistency
-- severity: medium
-- status: failed
-- parameters: status = 504
-- tables: events
-- needs: events(event_id, event_type, source_service, metrics_status_code, metrics_response_time_ms)
-- needs: expected_event_waits(service, least_ms)
-- message: {count} events timed out too soon, the first in row {file_row}, {event_id}: after {took_ms:g} ms, and {source_service} waits for {least_ms:g} at least
-- measured: every event that timed out has waited
-- advice: Let an attempt that times out last as long as its client waits.
SELECT file_row, event_id, source_service, metrics_response_time_ms AS took_ms, least_ms
FROM events
JOIN expected_event_waits ON service = source_service
WHERE event_type = 'api_call' AND metrics_status_code = $status AND metrics_response_time_ms < least_ms
ORDER BY file_row
