-- title: What ties an event to others is of its own trace
-- category: consistency
-- severity: medium
-- status: failed
-- tables: events
-- needs: events(event_id, payload_correlation_id, payload_trace_id)
-- message: {count} events have a correlation id of another trace, the first in row {file_row}: {payload_correlation_id}, trace {payload_trace_id}
-- measured: every correlation id has digits of the trace of its event
-- advice: Take the digits of the id from the trace.
SELECT file_row, event_id, payload_correlation_id, payload_trace_id
FROM events
WHERE payload_correlation_id IS DISTINCT FROM 'corr_' || payload_trace_id[13:24]
ORDER BY file_row
