-- title: Environments have their shares of the events, and devices of the users
-- category: realism
-- severity: medium
-- status: failed
-- parameters: errors = 6, least = 5
-- tables: events
-- needs: events(event_type, source_environment, context_tags_device_type, context_user_id)
-- needs: expected_event_shares(column_name, value, share)
-- message: {such} of {times} {whose} are of {value}, {found:.1%}, expected {share:.0%}; {count} such shares
-- measured: {found:.1%} of {times} {whose} are of {value}, expected {share:.0%}
-- unjudged: there is no other value than one, of which another check tells
-- advice: Draw the environment of each event, and the device of each user, by its share.
-- People keep their device, so that each counts once. So many errors of chance are allowed, and a few.
WITH values_of AS (
    SELECT 'source_environment' AS column_name, 'events' AS whose, source_environment AS value
    FROM events
    WHERE event_type = 'api_call'
    UNION ALL
    SELECT 'context_tags_device_type', 'users', context_tags_device_type
    FROM (SELECT DISTINCT context_user_id, context_tags_device_type FROM events WHERE event_type = 'api_call' AND context_user_id IS NOT NULL)
), totals AS (
    SELECT column_name, whose, count(*) AS times FROM values_of GROUP BY ALL HAVING min(value) < max(value)
), counts AS (
    SELECT column_name, value, count(*) AS such FROM values_of GROUP BY ALL
), judged AS (
    SELECT column_name, whose, value, share, times, coalesce(such, 0) AS such
    FROM expected_event_shares
    JOIN totals USING (column_name)
    LEFT JOIN counts USING (column_name, value)
)
SELECT column_name, whose, value, share, times, such, such / times AS found,
    CASE
        WHEN abs(such - share * times) > $least + $errors * sqrt(times * share * (1 - share)) THEN 'failed'
        ELSE 'passed'
    END AS status
FROM judged
ORDER BY status, abs(such - share * times) / sqrt(times * share) DESC
