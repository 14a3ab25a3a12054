-- title: Changes by type and day, or week where the data is longer than a month
-- columns: time, change_type, changes
-- needs: changes(time TIMESTAMPTZ, change_type)
WITH span AS (
    SELECT CASE WHEN max(time) - min(time) < INTERVAL '768 hours' THEN INTERVAL '24 hours' ELSE INTERVAL '168 hours' END AS step
    FROM changes
)
SELECT time_bucket(step, time) AS time, change_type, count(*) AS changes
FROM changes
CROSS JOIN span
GROUP BY 1, 2
ORDER BY 1, 2
