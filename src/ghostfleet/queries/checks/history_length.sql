-- title: The history is long enough for yearly patterns
-- category: completeness
-- severity: low
-- status: warning
-- needs: server_metrics(timestamp), expected_data(min_history_days)
-- message: the history is {days} days, {min_history_days} are wanted
-- measured: the history is {days} days
-- advice: Generate at least a year for forecasts; a small sample is legitimate for trying things.
SELECT count(DISTINCT "timestamp"::DATE) AS days, min_history_days,
    CASE WHEN days < min_history_days THEN 'warning' ELSE 'passed' END AS status
FROM server_metrics
CROSS JOIN expected_data
GROUP BY min_history_days
