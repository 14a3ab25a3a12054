-- title: Calendar columns say what the timestamp says
-- category: consistency
-- severity: high
-- status: failed
-- defect: 16
-- needs: server_metrics(timestamp, server_id, year, month, quarter, dayofweek, is_weekend, is_eoq), moments
-- message: {count} rows disagree with their timestamp, the first in row {file_row}: {timestamp}
-- measured: year to is_eoq agree with the timestamp
-- advice: Compute calendar columns from the UTC date; a quarter ends on its last day.
SELECT file_row, "timestamp", server_metrics.year, server_metrics.month, server_metrics.quarter, dayofweek, is_weekend, is_eoq
FROM server_metrics
JOIN moments USING ("timestamp")
WHERE (server_metrics.year, server_metrics.month, server_metrics.quarter, dayofweek, is_weekend, is_eoq)
    IS DISTINCT FROM (moments.year, moments.month, moments.quarter, weekday, weekend, is_quarter_end)
ORDER BY file_row
