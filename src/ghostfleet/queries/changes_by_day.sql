-- title: Changes by type and day, or on a week's days in the mean where the data is longer than a month
-- columns: time, change_type, changes
-- needs: changes(time TIMESTAMPTZ, change_type)
WITH span AS (
    SELECT CASE WHEN max(time) - min(time) < INTERVAL '768 hours' THEN 1 ELSE 7 END AS days
    FROM changes
)
SELECT time_bucket(to_days(days), time) AS time, change_type, count(*) / any_value(days) AS changes
FROM changes
CROSS JOIN span
GROUP BY 1, 2
ORDER BY 1, 2
