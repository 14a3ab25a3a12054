-- title: Ids of an event and its trace tell when the request was made
-- category: consistency
-- severity: medium
-- status: failed
-- tables: events
-- needs: events(event_id, timestamp, payload_trace_id)
-- message: {count} ids are of another time, the first in row {file_row}: {event_id}, trace {payload_trace_id}
-- measured: every id has the millisecond, and the first eight digits of every trace are the second
-- advice: Derive ids from the time of the request.
SELECT file_row, event_id, payload_trace_id
FROM events
WHERE "timestamp" IS NOT NULL
    AND NOT coalesce(
        regexp_full_match(event_id, 'evt_[0-9]+_[0-9a-f]{12}')
        AND starts_with(event_id, concat('evt_', epoch_ms("timestamp"), '_'))
        AND regexp_full_match(payload_trace_id, '[0-9a-f]{32}')
        AND starts_with(payload_trace_id, printf('%08x', epoch_ms("timestamp") // 1000)), false)
ORDER BY file_row
