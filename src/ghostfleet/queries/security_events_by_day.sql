-- title: Security events by severity and day, or week where the data is longer than a month
-- columns: time, severity, events
-- needs: security_events(time TIMESTAMPTZ, event_id, severity)
-- An event counts when its first row was written.
WITH span AS (
    SELECT CASE WHEN max(time) - min(time) < INTERVAL '768 hours' THEN INTERVAL '24 hours' ELSE INTERVAL '168 hours' END AS step
    FROM security_events
)
SELECT time_bucket(step, time) AS time, severity, count(*) AS events
FROM (SELECT event_id, severity, min(time) AS time FROM security_events GROUP BY 1, 2) AS events
CROSS JOIN span
GROUP BY 1, 2
ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END, severity, 1
