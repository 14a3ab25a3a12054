-- title: Holidays are flagged, and flagged days are quiet
-- category: realism
-- severity: high
-- status: failed
-- defect: 13
-- parameters: quiet = 0.9
-- needs: server_metrics(timestamp, is_holiday), moments, fleet_days, expected_data(holiday_effect)
-- message: {day}: {problem} ({count} such days)
-- measured: flag, calendar and load agree
-- advice: Let one calendar drive both the flag and the load.
WITH flags AS (
    SELECT "timestamp"::DATE AS day, bool_or(is_holiday) AS flagged, bool_and(is_holiday) AS flagged_whole
    FROM server_metrics
    WHERE "timestamp" IS NOT NULL
    GROUP BY ALL
)
SELECT DISTINCT day, 'flagged ' || flagged || ', but the calendar says ' || is_holiday AS problem
FROM flags
JOIN moments USING (day)
WHERE flagged IS DISTINCT FROM is_holiday OR flagged IS DISTINCT FROM flagged_whole
UNION ALL
SELECT day, 'flagged, but its load is ' || round(ratio, 2) || ' of usual'
FROM fleet_days
JOIN flags USING (day)
CROSS JOIN expected_data
WHERE holiday_effect AND flagged AND NOT rush AND ratio - 3 * ratio_error > $quiet
UNION ALL
SELECT day, 'not flagged, but its load is ' || round(ratio, 2) || ' of usual'
FROM fleet_days
JOIN flags USING (day)
WHERE NOT flagged AND NOT rush AND servers > 5 AND ratio + 4 * ratio_error < $quiet
ORDER BY ALL
