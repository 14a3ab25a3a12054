-- title: Security events by type and severity
-- columns: event_type, severity, events
-- needs: security_events(event_id, event_type, severity)
SELECT replace(event_type, '_', ' ') AS event_type, severity, count(DISTINCT event_id) AS events
FROM security_events
GROUP BY 1, 2
ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END, severity, 1
