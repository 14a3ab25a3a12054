-- title: A span begins no earlier than its parent, a client's ends within it, and all last from start to end
-- category: validity
-- severity: high
-- status: failed
-- tables: spans
-- needs: spans(span_id, parent_span_id, kind, start_time, end_time, duration_ms)
-- parameters: resolution_ms = 0.001
-- message: {count} spans are out of time, the first in row {file_row}, {span_id}: {problem}
-- measured: no span begins before its parent, no client's ends after it, and durations are ends minus starts
-- advice: Place calls within the time of their callers, and derive durations from both ends.
SELECT child.file_row, child.span_id, 'it begins before its parent' AS problem
FROM spans AS child
JOIN spans AS parent ON parent.span_id = child.parent_span_id
WHERE child.start_time < parent.start_time
UNION ALL
SELECT child.file_row, child.span_id, 'a client saw it and it ends after its parent' AS problem
FROM spans AS child
JOIN spans AS parent ON parent.span_id = child.parent_span_id
WHERE child.kind = 'CLIENT' AND child.end_time > parent.end_time
UNION ALL
SELECT file_row, span_id, 'it does not last from its start to its end'
FROM spans
WHERE abs(date_diff('microsecond', start_time, end_time) / 1000.0 - duration_ms) > $resolution_ms
ORDER BY 1
