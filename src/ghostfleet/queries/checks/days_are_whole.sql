-- title: Every day has all of its hours, the last one too
-- category: completeness
-- severity: medium
-- status: failed
-- defect: 13
-- needs: server_metrics(timestamp), expected_data(step_s, since_s, until_s, span_is_stated)
-- message: {count} days are cut, the first {day} with {steps} of {wanted} steps
-- measured: every day has all of its steps
-- advice: Let the end date be included to its last hour.
-- Where a manifest says the span, its first and last day have the steps that it says; else every day is a whole one.
WITH days AS (
    SELECT "timestamp"::DATE AS day, count(DISTINCT "timestamp") AS steps, epoch(day::TIMESTAMP)::BIGINT AS begins
    FROM server_metrics
    WHERE "timestamp" IS NOT NULL
    GROUP BY ALL
), bounds AS (
    SELECT day, steps, step_s, CASE WHEN span_is_stated THEN greatest(begins, since_s) ELSE begins END AS since_s,
        CASE WHEN span_is_stated THEN least(begins + 86400, until_s) ELSE begins + 86400 END AS until_s
    FROM days
    CROSS JOIN expected_data
    WHERE step_s < 86400
)
SELECT day, steps, (until_s + step_s - 1) // step_s - (since_s + step_s - 1) // step_s AS wanted
FROM bounds
WHERE steps < wanted
ORDER BY day
