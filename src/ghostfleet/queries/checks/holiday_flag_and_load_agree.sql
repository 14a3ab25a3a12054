-- title: Holidays are flagged, and flagged days are quiet
-- category: realism
-- severity: high
-- status: failed
-- defect: 13
-- parameters: quiet = 0.9, most_error = 0.34
-- needs: server_metrics(timestamp, is_holiday), moments, fleet_days, expected_data(holiday_effect, step_s)
-- unless: load_of_its_own_shape
-- optional: growth_outruns_the_month(reason)
-- message: {day}: {problem} ({count} such days)
-- measured: flag and calendar agree; {said}
-- advice: Let one calendar drive both the flag and the load.
-- Half of what the calendar takes from a day must be gone, from the load and from CPU alone, less three standard errors.
WITH flags AS (
    SELECT "timestamp"::DATE AS day, bool_or(is_holiday) AS flagged, bool_and(is_holiday) AS flagged_whole
    FROM server_metrics
    WHERE "timestamp" IS NOT NULL
    GROUP BY ALL
), calendar AS (
    SELECT DISTINCT day, is_holiday FROM moments
), loads AS (
    SELECT day, flagged, holiday_effect, unnest([
        {metric: 'load', ratio: ratio, error: ratio_error, enough: fleet_days.servers > 5},
        {metric: 'CPU', ratio: cpu_ratio, error: cpu_ratio_error, enough: cpu_servers > 11}
    ], recursive := true),
        (1 + holiday_factor) / 2 AS least_quiet, 1 - holiday_factor AS depth
    FROM fleet_days
    JOIN flags USING (day)
    CROSS JOIN expected_data
    WHERE NOT rush AND step_s <= 86400 AND (SELECT count(*) FROM growth_outruns_the_month) = 0
), judged AS (
    SELECT count(DISTINCT day) AS days FROM loads WHERE holiday_effect AND flagged AND error <= $most_error * depth
), problems AS (
    SELECT day,
        'flagged ' || CASE WHEN flagged = flagged_whole THEN flagged::VARCHAR ELSE 'in some of its rows only' END
            || ', but the calendar says ' || is_holiday AS problem
    FROM flags
    JOIN calendar USING (day)
    WHERE flagged IS DISTINCT FROM is_holiday OR flagged IS DISTINCT FROM flagged_whole
    UNION ALL
    SELECT day, 'flagged, but its ' || metric || ' is ' || round(ratio, 2) || ' of usual'
    FROM loads
    WHERE holiday_effect AND flagged AND enough AND depth > 0 AND error <= $most_error * depth AND ratio - 3 * error > least_quiet
    UNION ALL
    SELECT day, 'not flagged, but its ' || metric || ' is ' || round(ratio, 2) || ' of usual'
    FROM loads
    WHERE NOT flagged AND enough AND ratio + 4 * error < $quiet
)
SELECT day, problem, NULL AS said, 'failed' AS status FROM problems
UNION ALL
SELECT NULL, NULL, CASE WHEN days = 0 THEN 'the load of holidays cannot be judged: too few servers, rows or holidays, or no effect wanted'
    ELSE 'the load of ' || days || ' holidays was looked at, CPU alone too' END, 'passed'
FROM judged
ORDER BY status, day, problem
