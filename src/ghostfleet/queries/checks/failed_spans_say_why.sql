-- title: A span that went wrong says why, and no other does
-- category: consistency
-- severity: medium
-- status: failed
-- parameters: first_failure = 500
-- tables: spans
-- needs: spans(span_id, service_name, status_code, error_type, http_response_status_code)
-- message: {count} spans contradict themselves, the first in row {file_row}, {span_id} of {service_name}: {ending}, {why}, answered {answered}
-- measured: failures say what went wrong, and whoever answers with 500 or more has failed
-- advice: Derive status and type of an error from how the request ended.
SELECT file_row, span_id, service_name, status_code AS ending, coalesce(error_type, 'no reason') AS why,
    coalesce(http_response_status_code::VARCHAR, 'nothing') AS answered
FROM spans
WHERE (status_code = 'ERROR') <> (error_type IS NOT NULL)
    OR (coalesce(http_response_status_code, 0) >= $first_failure AND status_code <> 'ERROR')
ORDER BY file_row
