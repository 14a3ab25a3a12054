-- title: A line of a log says what was asked and answered, or what went wrong
-- category: consistency
-- severity: medium
-- status: failed
-- tables: logs, spans
-- needs: logs(line_id, span_id, body), spans(span_id, name, status_code, http_response_status_code, duration_ms)
-- needs: expected_sayings(said)
-- message: {count} lines say something else than their spans, the first in row {file_row}, {line_id}: {body}; asked was {asked}, answered {answered}
-- measured: lines say what was asked, answered and how long it took, or what went wrong
-- advice: Write name, status and duration of the request into the line that tells of its answer.
SELECT logs.file_row, line_id, body, name AS asked, http_response_status_code AS answered
FROM logs
JOIN spans USING (span_id)
WHERE body IS DISTINCT FROM concat(name, ' ', http_response_status_code, ' in ', printf('%.3f', duration_ms), ' ms')
    AND NOT (status_code = 'ERROR' AND EXISTS (FROM expected_sayings WHERE contains(body, said)))
ORDER BY logs.file_row
