-- title: Nobody waits for ever
-- category: realism
-- severity: medium
-- status: failed
-- tables: events
-- needs: events(event_id, metrics_response_time_ms), expected_longest(longest_ms)
-- message: {count} events last longer than anything can, the first in row {file_row}: {metrics_response_time_ms:g} ms, at most {longest_ms:g} ms
-- measured: nothing lasts longer than what the scenario allows at the very most
-- advice: Check the unit: times are milliseconds.
SELECT file_row, event_id, metrics_response_time_ms, longest_ms
FROM events
CROSS JOIN expected_longest
WHERE metrics_response_time_ms > longest_ms
ORDER BY file_row
