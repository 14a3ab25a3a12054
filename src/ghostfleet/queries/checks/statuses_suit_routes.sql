-- title: A status is one that the endpoint may answer with
-- category: validity
-- severity: medium
-- status: failed
-- tables: events
-- needs: events(event_id, source_service, source_method, source_endpoint, source_route, metrics_status_code)
-- needs: expected_routes(service, method, path, statuses)
-- message: {count} events are answered with a status that their endpoint has not, the first in row {file_row}: {source_method} {source_endpoint}, {metrics_status_code}
-- measured: every status is one of those of its endpoint
-- advice: Draw the status of those that the endpoint may answer with.
SELECT file_row, event_id, source_method, source_endpoint, metrics_status_code
FROM events
JOIN expected_routes ON service = source_service AND method = source_method AND path = coalesce(source_route, source_endpoint)
WHERE NOT coalesce(list_contains(string_split(statuses, ' '), metrics_status_code::VARCHAR), false)
ORDER BY file_row
