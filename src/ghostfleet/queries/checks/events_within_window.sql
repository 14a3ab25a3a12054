-- title: No event lies outside of the window, and so none in the future
-- category: validity
-- severity: critical
-- status: failed
-- tables: events
-- needs: events(timestamp, event_id), stated_windows(table_name, since_s, until_s)
-- message: {count} events lie outside of the data set's window, the first in row {file_row}, {event_id}: {at}
-- measured: all events lie within the window that the manifest states
-- advice: Look at the clock and the zone of whatever wrote them: no row is later than the end of its window.
SELECT file_row, event_id, "timestamp" AS at
FROM events
WHERE NOT EXISTS (
    FROM stated_windows WHERE table_name = 'events' AND epoch("timestamp") >= since_s AND epoch("timestamp") < until_s
)
ORDER BY file_row
