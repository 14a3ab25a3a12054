-- title: Saturdays and Sundays have rows
-- category: completeness
-- severity: high
-- status: failed
-- needs: server_metrics(timestamp), expected_data(since_s, until_s, step_s)
-- message: {weekday} has {days} days, {wanted} are expected
-- measured: each weekday is there as often as rows of this length begin on it
-- advice: Keep weekends; without them no weekly pattern can be learnt.
WITH weekdays AS (
    SELECT unnest(range(7)) AS number, unnest(['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']) AS weekday
), expected AS (
    SELECT (second // 86400 + 3) % 7 AS number, count(DISTINCT second // 86400) AS wanted
    FROM (
        SELECT unnest(range(ceil(since_s / greatest(step_s, 86400))::BIGINT * greatest(step_s, 86400), until_s::BIGINT, greatest(step_s, 86400)))
            AS second
        FROM (SELECT (since_s // least(step_s, 86400)) * least(step_s, 86400) AS since_s, until_s, step_s FROM expected_data)
    )
    GROUP BY ALL
), found AS (
    SELECT isodow("timestamp") - 1 AS number, count(DISTINCT "timestamp"::DATE) AS days
    FROM server_metrics WHERE "timestamp" IS NOT NULL GROUP BY ALL
)
SELECT weekday, coalesce(days, 0) AS days, wanted
FROM expected
JOIN weekdays USING (number)
LEFT JOIN found USING (number)
WHERE coalesce(days, 0) < 0.5 * wanted
ORDER BY number
