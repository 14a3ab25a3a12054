-- title: The history is long enough for yearly patterns
-- category: completeness
-- severity: low
-- status: warning
-- needs: server_metrics(timestamp), expected_data(min_history_days, step_s)
-- message: the history is {days} days, {min_history_days} are wanted
-- measured: the history is {days} days
-- advice: Generate at least a year for forecasts; a small sample is legitimate for trying things.
-- A row of a week is seven days of history; the last may reach beyond the span, so a year is 52 of them.
SELECT CASE WHEN step_s > 86400 THEN count(DISTINCT "timestamp") * step_s // 86400 ELSE count(DISTINCT "timestamp"::DATE) END AS days,
    min_history_days,
    CASE WHEN days + greatest(0, step_s // 86400 - 1) < min_history_days THEN 'warning' ELSE 'passed' END AS status
FROM server_metrics
CROSS JOIN expected_data
GROUP BY min_history_days, step_s
