-- title: Load rises and falls by the clocks of those who ask
-- category: realism
-- severity: high
-- status: failed
-- defect: 2
-- parameters: tolerance = 0.35, above = 0.6, most_error = 0.15, wander = 0.25, least_hours = 6, busy = 50
-- tables: transactions
-- needs: transactions(timestamp), expected_transaction_hours(hour, requests), expected_unrest_of_transactions(unrest)
-- message: transactions rise and fall by {slope:.2f} of what the scenario says, over {hours} hours
-- measured: transactions rise and fall by {slope:.2f} of what the scenario says, over {hours} hours
-- unjudged: no whole hour was made
-- advice: Let the rate follow the scenario's shapes by the client's clock; draw arrivals from that rate.
-- The slope of what is there over what is expected, hour by hour: 1 where shapes act, 0 where load is flat. Its error is
-- that of counts and of `wander`, or what residuals show where that is more; two errors are allowed. Incidents may add half.
-- Hours without any row are left out: another check tells of those.
WITH counted AS (
    SELECT epoch("timestamp")::BIGINT // 3600 AS hour, count(*) AS times
    FROM transactions
    GROUP BY ALL
), joined AS (
    SELECT hour, requests, coalesce(times, 0) AS times, sum(times) OVER (PARTITION BY hour) AS at_all,
        sum(requests) OVER (PARTITION BY hour) * sum(times) OVER () / sum(requests) OVER () AS likely
    FROM expected_transaction_hours
    LEFT JOIN counted USING (hour)
), scaled AS (
    SELECT times, requests * sum(times) OVER every / sum(requests) OVER every AS wanted, avg(times) OVER every AS mean
    FROM joined
    WHERE at_all > 0 OR likely < $busy
    WINDOW every AS ()
), moved AS (
    SELECT times, wanted, wanted - mean AS deviation, mean FROM scaled WHERE wanted > 0
), slopes AS (
    SELECT sum(deviation * (times - mean)) / nullif(sum(deviation ** 2), 0) AS slope, count(*) AS hours
    FROM moved
), errors AS (
    SELECT slope, any_value(hours) AS hours,
        sqrt(greatest(
            sum(deviation ** 2 * (wanted + ($wander * unrest * wanted) ** 2)),
            sum((deviation * (times - mean - slope * deviation)) ** 2)
        )) / nullif(sum(deviation ** 2), 0) AS error
    FROM moved
    CROSS JOIN slopes
    CROSS JOIN expected_unrest_of_transactions
    GROUP BY slope
)
SELECT slope, error, hours,
    CASE
        WHEN hours < $least_hours OR error IS NULL OR error > $most_error THEN 'no_data'
        WHEN slope < 1 - $tolerance - 2 * error OR slope > 1 + $above + 2 * error THEN 'failed'
        ELSE 'passed'
    END AS status,
    CASE WHEN hours < $least_hours THEN 'so few hours show no shape'
        ELSE 'chance or incidents hide the shape: there are too few transactions, or the scenario''s load is flat' END AS reason
FROM errors
