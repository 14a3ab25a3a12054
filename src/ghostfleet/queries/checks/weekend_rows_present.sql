-- title: Saturdays and Sundays have rows
-- category: completeness
-- severity: high
-- status: failed
-- needs: server_metrics(timestamp)
-- message: {weekday} has {days} days, the others up to {most}
-- measured: each weekday is there
-- advice: Keep weekends; without them no weekly pattern can be learnt.
WITH weekdays AS (
    SELECT unnest(range(7)) AS number, unnest(['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']) AS weekday
), found AS (
    SELECT isodow("timestamp") - 1 AS number, count(DISTINCT "timestamp"::DATE) AS days
    FROM server_metrics WHERE "timestamp" IS NOT NULL GROUP BY ALL
)
SELECT weekday, coalesce(days, 0) AS days, (SELECT max(days) FROM found) AS most
FROM weekdays
LEFT JOIN found USING (number)
WHERE coalesce(days, 0) < 0.5 * (SELECT max(days) FROM found) AND (SELECT max(days) FROM found) > 1
ORDER BY number
