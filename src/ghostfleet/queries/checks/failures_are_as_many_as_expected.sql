-- title: As many transactions fail as the scenario lets fail
-- category: realism
-- severity: high
-- status: failed
-- parameters: share = 0.5, errors = 5, least = 0.003
-- tables: transactions
-- needs: transactions(timestamp, status), expected_transaction_failures(since_s, until_s, failing)
-- message: from {since} until {until}, {found:.1%} of {times} transactions fail, expected {wanted:.1%}; {count} such stretches
-- measured: {found:.2%} of transactions fail, expected {wanted:.2%}
-- unjudged: no transaction lies in a whole stretch of time
-- advice: Draw failures with the probability that the state has at that time, incidents included.
-- Half of what is expected, three in a thousand and five errors of chance are allowed to either side, in each stretch and in all.
WITH counted AS (
    SELECT since_s, until_s, count(*) AS times, count(*) FILTER (status = 'error') AS failed, sum(failing) AS wanted,
        sum(failing * (1 - failing)) AS variance
    FROM transactions
    JOIN expected_transaction_failures ON epoch("timestamp") >= since_s AND epoch("timestamp") < until_s
    GROUP BY ALL
), every AS (
    SELECT true AS is_all, min(since_s) AS since_s, max(until_s) AS until_s, sum(times) AS times, sum(failed) AS failed,
        sum(wanted) AS wanted, sum(variance) AS variance
    FROM counted
    HAVING count(*) > 0
    UNION ALL
    SELECT false, * FROM counted
)
SELECT make_timestamp((since_s * 1000000)::BIGINT) AS since, make_timestamp((until_s * 1000000)::BIGINT) AS until,
    times, failed / times AS found, every.wanted / times AS wanted,
    CASE
        WHEN abs(failed - every.wanted) > $share * every.wanted + $least * times + $errors * sqrt(greatest(variance, 1))
            THEN 'failed'
        ELSE 'passed'
    END AS status
FROM every
ORDER BY status, is_all DESC, since
