-- title: A line of a log is of a span that is there
-- category: consistency
-- severity: medium
-- status: failed
-- tables: logs, spans
-- needs: logs(line_id, trace_id, span_id, service_name), spans(trace_id, span_id, service_name)
-- message: {count} lines are of no span, the first in row {file_row}: {line_id} of {service_name}
-- measured: every line is of a span of its service and trace
-- advice: Write lines and spans of the same traces.
SELECT logs.file_row, logs.line_id, logs.service_name
FROM logs
ANTI JOIN spans ON spans.span_id = logs.span_id AND spans.trace_id = logs.trace_id AND spans.service_name = logs.service_name
ORDER BY logs.file_row
