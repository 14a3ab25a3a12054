-- title: What an error says is what its status and its endpoint say
-- category: consistency
-- severity: medium
-- status: failed
-- defect: 6
-- tables: events
-- needs: events(event_id, source_service, source_method, source_endpoint, source_route, metrics_status_code)
-- needs: events(error_details_error_code, error_details_error_message, error_details_error_type)
-- needs: expected_errors(status, code, message, type), expected_routes(service, method, path, errors)
-- message: {count} errors say what another one would, the first in row {file_row}: {metrics_status_code}, {error_details_error_code}, {error_details_error_type}, {error_details_error_message}
-- measured: code, text and kind of every error belong to its status, and its endpoint has such an error
-- advice: Draw a text of those that the endpoint has for the status, and take code and kind from it.
SELECT file_row, event_id, metrics_status_code, error_details_error_code, error_details_error_type,
    error_details_error_message
FROM events
LEFT JOIN expected_routes
    ON service = source_service AND method = source_method AND path = coalesce(source_route, source_endpoint)
WHERE error_details_error_code IS NOT NULL
    AND (
        NOT EXISTS (
            FROM expected_errors
            WHERE status = metrics_status_code AND code = error_details_error_code
                AND message = error_details_error_message AND type = error_details_error_type
        )
        OR NOT coalesce(list_contains(string_split(errors, ' '), error_details_error_code), true)
    )
ORDER BY file_row
