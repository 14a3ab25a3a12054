-- title: Title and message of an event tell of its own request
-- category: consistency
-- severity: medium
-- status: failed
-- tables: events
-- needs: events(event_id, title, message, source_service, source_method, source_endpoint, metrics_status_code)
-- needs: expected_texts(title, message)
-- message: {count} events tell of another request, the first in row {file_row}: {told}, expected {wanted}
-- measured: titles are method and endpoint, messages name service, method and status
-- advice: Make title and message from the columns beside them.
WITH wanted AS (
    SELECT file_row, event_id, events.title, events.message,
        replace(replace(expected_texts.title, '{method}', source_method), '{path}', source_endpoint) AS wanted_title,
        replace(replace(replace(expected_texts.message, '{service}', source_service), '{method}', source_method),
            '{status}', metrics_status_code::VARCHAR) AS wanted_message
    FROM events
    CROSS JOIN expected_texts
)
SELECT file_row, event_id,
    CASE WHEN title IS DISTINCT FROM wanted_title THEN title ELSE message END AS told,
    CASE WHEN title IS DISTINCT FROM wanted_title THEN wanted_title ELSE wanted_message END AS wanted
FROM wanted
WHERE title IS DISTINCT FROM wanted_title OR message IS DISTINCT FROM wanted_message
ORDER BY file_row
