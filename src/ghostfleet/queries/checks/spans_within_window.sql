-- title: No trace begins outside of the window, and so none in the future
-- category: validity
-- severity: critical
-- status: failed
-- tables: spans
-- needs: spans(start_time, trace_id, parent_span_id), stated_windows(table_name, since_s, until_s)
-- message: {count} spans lie outside of the data set's window, the first in row {file_row}, {trace_id}: {at}
-- measured: all spans lie within the window that the manifest states
-- advice: Look at the clock and the zone of whatever wrote them: no row is later than the end of its window.
SELECT file_row, trace_id, "start_time" AS at
FROM spans
WHERE NOT EXISTS (
    FROM stated_windows WHERE table_name = 'spans' AND epoch("start_time") >= since_s AND epoch("start_time") < until_s
) AND parent_span_id IS NULL
ORDER BY file_row
