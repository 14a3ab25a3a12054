-- title: Every host has each of its rows
-- category: completeness
-- severity: high
-- status: failed
-- needs: host_metrics(host_id, time)
-- optional: expected_hosts(hosts, since_s, until_s, step_s)
-- message: {count} rows are missing, the first {host_id} at {time}
-- measured: every host has each of its rows
-- advice: Generate the data again, or fill the named rows.
WITH seen AS (
    SELECT host_id, epoch("time")::BIGINT AS second, count(*) AS times FROM host_metrics GROUP BY ALL
), steps AS (
    SELECT DISTINCT second FROM seen
    UNION
    SELECT unnest(range((ceil(since_s / step_s) * step_s)::BIGINT, until_s::BIGINT, step_s::BIGINT))
    FROM expected_hosts
), wanted AS (
    SELECT host_id, second FROM (SELECT DISTINCT host_id FROM seen) CROSS JOIN steps
)
SELECT host_id, to_timestamp(second) AT TIME ZONE 'UTC' AS "time", coalesce(times, 0) AS times
FROM wanted
LEFT JOIN seen USING (host_id, second)
WHERE times IS NULL
UNION ALL
SELECT 'hosts in all', NULL, count(DISTINCT host_id)
FROM seen
CROSS JOIN expected_hosts
GROUP BY hosts
HAVING count(DISTINCT host_id) <> hosts
ORDER BY "time", host_id
