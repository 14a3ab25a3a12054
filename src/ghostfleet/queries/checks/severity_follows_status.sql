-- title: The severity of an event follows from its status
-- category: consistency
-- severity: medium
-- status: failed
-- tables: events
-- needs: events(event_id, severity, metrics_status_code)
-- message: {count} events have the wrong severity, the first in row {file_row}: status {metrics_status_code}, {severity}
-- measured: info below 300, warning below 500, error from there on
-- advice: Derive the severity from the status.
SELECT file_row, event_id, severity, metrics_status_code
FROM events
WHERE severity IS DISTINCT FROM
    CASE WHEN metrics_status_code < 300 THEN 'info' WHEN metrics_status_code < 500 THEN 'warning' ELSE 'error' END
ORDER BY file_row
