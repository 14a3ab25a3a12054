-- title: A line of a log is an error where its span went wrong, and a warning where the client did
-- category: consistency
-- severity: medium
-- status: failed
-- tables: logs, spans
-- needs: logs(line_id, span_id, severity_text, severity_number), spans(span_id, status_code, http_response_status_code)
-- message: {count} lines are not as bad as their spans, the first in row {file_row}: {line_id}, {severity_text}, of a span with {status_code} and {answered}
-- measured: lines are errors, warnings or information as their spans went
-- advice: Derive the severity from how the request ended.
WITH expected AS (
    SELECT span_id, status_code, http_response_status_code AS answered,
        CASE WHEN status_code = 'ERROR' THEN 'ERROR' WHEN http_response_status_code >= 400 THEN 'WARN' ELSE 'INFO' END AS severity
    FROM spans
)
SELECT logs.file_row, line_id, severity_text, status_code, answered
FROM logs
JOIN expected USING (span_id)
WHERE severity_text IS DISTINCT FROM severity
    OR severity_number IS DISTINCT FROM CASE severity_text WHEN 'INFO' THEN 9 WHEN 'WARN' THEN 13 WHEN 'ERROR' THEN 17 END
ORDER BY logs.file_row
