-- title: Every day has all of its hours, the last one too
-- category: completeness
-- severity: medium
-- status: failed
-- defect: 13
-- needs: server_metrics(timestamp), expected_data(step_s)
-- message: {count} days are cut, the first {day} with {steps} of {wanted} steps
-- measured: every day has all of its steps
-- advice: Let the end date be included to its last hour.
SELECT "timestamp"::DATE AS day, count(DISTINCT "timestamp") AS steps, 86400 // step_s AS wanted
FROM server_metrics
CROSS JOIN expected_data
WHERE "timestamp" IS NOT NULL AND step_s < 86400
GROUP BY ALL
HAVING steps < wanted
ORDER BY day
