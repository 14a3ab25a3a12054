-- title: Security events by severity and day, or on a week's days in the mean where the data is longer than a month
-- columns: time, severity, events
-- needs: security_events(time TIMESTAMPTZ, event_id, severity)
-- An event counts when its first row was written.
WITH span AS (
    SELECT CASE WHEN max(time) - min(time) < INTERVAL '768 hours' THEN 1 ELSE 7 END AS days
    FROM security_events
)
SELECT time_bucket(to_days(days), time) AS time, severity, count(*) / any_value(days) AS events
FROM (SELECT event_id, severity, min(time) AS time FROM security_events GROUP BY 1, 2) AS events
CROSS JOIN span
GROUP BY 1, 2
ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END, severity, 1
