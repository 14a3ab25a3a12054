-- title: A line of a log is written when its span ends
-- category: consistency
-- severity: medium
-- status: failed
-- parameters: resolution_ms = 1
-- tables: logs, spans
-- needs: logs(line_id, span_id, time), spans(span_id, end_time)
-- message: {count} lines are written at another time, the first in row {file_row}: {line_id} at {written}, and its span ends at {ended}
-- measured: every line is written when its span ends
-- advice: Write a line when the request is done, by the same clock as spans.
SELECT logs.file_row, line_id, time AS written, end_time AS ended
FROM logs
JOIN spans USING (span_id)
WHERE abs(date_diff('microsecond', end_time, time)) > 1000 * $resolution_ms
ORDER BY logs.file_row
