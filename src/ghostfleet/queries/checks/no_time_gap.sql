-- title: No step is missing for the whole fleet
-- category: completeness
-- severity: high
-- status: failed
-- needs: server_metrics(timestamp), expected_data(step_s, since_s, until_s)
-- message: {count} gaps, the first after {after} until {until}: {steps_missing} steps
-- measured: the time axis has no gap from the first step to the last
-- advice: Generate the missing window (`--from`, `--until`) and join it.
WITH steps AS (
    SELECT DISTINCT "timestamp" AS until FROM server_metrics WHERE "timestamp" IS NOT NULL
), pairs AS (
    SELECT until, lag(until) OVER (ORDER BY until) AS after FROM steps
)
SELECT after, until, (epoch(until) - epoch(after)) / step_s - 1 AS steps_missing
FROM pairs
CROSS JOIN expected_data
WHERE epoch(until) - epoch(after) > step_s
ORDER BY after
