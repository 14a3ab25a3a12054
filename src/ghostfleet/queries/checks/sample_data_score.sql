-- title: The data is enough for common tools
-- category: completeness
-- severity: low
-- status: warning
-- needs: server_metrics, declared_columns, expected_data(max_missing_pct)
-- message: {points} of 5 points: rows > 1,000 {some_rows}, a timestamp {time}, two numeric columns {numbers}, few missing {full}, rows > 10,000 {many_rows}
-- measured: {points} of 5 points
-- advice: At least 3 points are wanted: generate more rows, or keep the timestamp and metrics.
WITH facts AS (
    SELECT (SELECT count(*) FROM server_metrics) AS rows,
        bool_or(kind = 'time' AND present) AS time,
        count(*) FILTER (kind = 'float' AND present) >= 2 AS numbers
    FROM declared_columns WHERE table_name = 'server_metrics'
), empty AS (
    SELECT max(1 - filled / rows) AS share
    FROM (UNPIVOT (SELECT count(COLUMNS(* EXCLUDE (file_row, wrong_cells))) FROM server_metrics) ON * INTO NAME name VALUE filled)
    CROSS JOIN facts
)
SELECT rows > 1000 AS some_rows, time, numbers, coalesce(100 * share, 0) < max_missing_pct AS "full", rows > 10000 AS many_rows,
    some_rows::INTEGER + time::INTEGER + numbers::INTEGER + "full"::INTEGER + many_rows::INTEGER AS points,
    CASE WHEN points < 3 THEN 'failed' ELSE 'passed' END AS status
FROM facts
CROSS JOIN empty
CROSS JOIN expected_data
