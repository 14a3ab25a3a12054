-- title: Timestamps lie on the grid of their step, counted in UTC
-- category: consistency
-- severity: high
-- status: failed
-- needs: server_metrics(timestamp), expected_data(step_s)
-- message: {count} rows are off the grid of {step_s} s, the first in row {file_row}: {timestamp}
-- measured: every row starts a step
-- advice: Write the start of the step in UTC.
SELECT file_row, "timestamp", step_s
FROM server_metrics
CROSS JOIN expected_data
WHERE epoch("timestamp")::BIGINT % step_s <> 0
ORDER BY file_row
