-- title: Weekends are as much quieter as the scenario says
-- category: realism
-- severity: medium
-- status: failed
-- defect: 4
-- parameters: tolerance = 0.25, most_error = 0.1, wander = 0.2, least_hours = 20
-- tables: events
-- needs: events(timestamp, context_tags_region), expected_event_hours(region, hour, requests, on_weekends)
-- needs: expected_unrest_of_events(unrest)
-- message: on weekends there are {ratio:.2f} times the events that the scenario says, over weekdays
-- measured: on weekends there are {ratio:.2f} times the events that the scenario says, over weekdays
-- unjudged: no whole hour was made
-- advice: Apply the weekend's factor by the client's calendar.
WITH counted AS (
    SELECT context_tags_region AS region, epoch("timestamp")::BIGINT // 3600 AS hour, count(*) AS times
    FROM events
    GROUP BY ALL
), joined AS (
    SELECT hour, requests, coalesce(times, 0) AS times, on_weekends > 0.99 * requests AS is_weekend
    FROM expected_event_hours
    LEFT JOIN counted USING (region, hour)
    WHERE requests > 0 AND (on_weekends > 0.99 * requests OR on_weekends < 0.01 * requests)
), sums AS (
    SELECT is_weekend, sum(times) AS times, sum(requests) AS requests, count(DISTINCT hour) AS hours
    FROM joined
    GROUP BY ALL
), ratios AS (
    SELECT weekend.times / weekend.requests / (weekday.times / weekday.requests) AS ratio,
        least(weekend.hours, weekday.hours) AS hours,
        sqrt(1 / weekend.times + 1 / weekday.times
            + (24 / weekend.hours + 24 / weekday.hours) * ($wander * unrest) ** 2) AS error
    FROM (FROM sums WHERE is_weekend) AS weekend
    CROSS JOIN (FROM sums WHERE NOT is_weekend) AS weekday
    CROSS JOIN expected_unrest_of_events
), judged AS (
    SELECT * FROM ratios
    UNION ALL
    SELECT NULL, 0, NULL WHERE NOT EXISTS (FROM ratios)
)
SELECT ratio, error,
    CASE
        WHEN hours < $least_hours OR error IS NULL OR error > $most_error OR isnan(ratio) OR isinf(ratio) THEN 'no_data'
        WHEN abs(ratio - 1) > $tolerance + 3 * error THEN 'failed'
        ELSE 'passed'
    END AS status,
    CASE WHEN hours < $least_hours THEN 'the data has no weekend and weekdays beside it'
        ELSE 'chance hides the weekend: there are too few events' END AS reason
FROM judged
