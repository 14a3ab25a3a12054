-- title: A breaker that is open lets a few calls through to see how its gateway does
-- category: realism
-- severity: medium
-- status: failed
-- defect: 12
-- parameters: least = 400, least_in_a_minute = 10, share = 0.6
-- tables: transactions
-- needs: transactions(timestamp, payment_gateway, circuit_breaker_state)
-- message: breakers refuse {refused} transactions in {minutes} minutes, and none is half open
-- measured: {tried} transactions are half open, in minutes in which breakers refuse {refused}
-- unjudged: breakers were open for too few transactions
-- advice: Let one in twenty calls of a gateway pass its open breaker, and say that it is half open then.
-- Minutes of a gateway count in which most calls are refused; before, single pods refuse some. Of twenty calls one is tried, so that
-- there is none of so many with a chance of less than one in 10^8.
WITH minutes AS (
    SELECT payment_gateway, date_trunc('minute', "timestamp") AS minute, count(*) AS times,
        count(*) FILTER (circuit_breaker_state = 'open') AS refused, count(*) FILTER (circuit_breaker_state = 'half_open') AS tried
    FROM transactions
    GROUP BY ALL
), counted AS (
    SELECT count(*) AS minutes, sum(refused) AS refused, sum(tried) AS tried
    FROM minutes
    WHERE refused >= $least_in_a_minute AND refused >= $share * times
)
SELECT minutes, refused, tried, CASE WHEN tried = 0 THEN 'failed' ELSE 'passed' END AS status
FROM counted
WHERE refused >= $least
