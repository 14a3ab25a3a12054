-- title: Events of errors say what went wrong, and no others do
-- category: consistency
-- severity: medium
-- status: failed
-- tables: events
-- needs: events(event_id, metrics_status_code, error_details_error_code, error_details_error_message)
-- needs: events(error_details_error_type)
-- message: {count} events disagree with their details, the first in row {file_row}: status {metrics_status_code}, {error_details_error_code}
-- measured: error details are those of statuses from 400 on, and name them
-- advice: Write error details from a status of 400 on, with its number in the code; leave them out otherwise.
SELECT file_row, event_id, metrics_status_code, error_details_error_code
FROM events
WHERE NOT coalesce(CASE WHEN metrics_status_code >= 400
    THEN starts_with(error_details_error_code, concat('ERR_', metrics_status_code, '_'))
        AND error_details_error_message IS NOT NULL AND error_details_error_type IS NOT NULL
    ELSE coalesce(error_details_error_code, error_details_error_message, error_details_error_type) IS NULL END, false)
ORDER BY file_row
