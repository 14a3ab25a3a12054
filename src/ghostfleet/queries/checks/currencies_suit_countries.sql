-- title: Payments are in dollars, or in the currency of the client's country, as most there are
-- category: realism
-- severity: medium
-- status: failed
-- parameters: errors = 6, least = 1
-- tables: events
-- needs: events(event_type, context_tags_country, payload_currency), expected_currencies(country, currency, share)
-- message: {found} of {times} payments in {country} are in {currency}, {problem}; {count} such currencies
-- measured: payments are in dollars or in the currency of the country
-- unjudged: nothing is paid
-- advice: Draw the currency of a payment after the country of the client.
WITH paid AS (
    SELECT context_tags_country AS country, payload_currency AS paid_in, count(*) AS found,
        sum(count(*)) OVER (PARTITION BY context_tags_country) AS times
    FROM events
    WHERE event_type = 'api_call' AND payload_currency IS NOT NULL
    GROUP BY context_tags_country, payload_currency
), usual AS (
    SELECT country, currency, share, any_value(times) AS times, coalesce(sum(found) FILTER (paid_in = currency), 0) AS found
    FROM paid
    JOIN expected_currencies USING (country)
    GROUP BY country, currency, share
), judged AS (
    SELECT country, currency, found, times, format('expected {:.0f}', share * times) AS problem,
        abs(found - share * times) > $least + $errors * sqrt(times * share * (1 - share)) AS is_wrong
    FROM usual
    UNION ALL
    SELECT country, paid_in, found, times, 'which is that of another country', paid_in NOT IN ('USD', coalesce(currency, 'USD'))
    FROM paid
    LEFT JOIN expected_currencies USING (country)
)
SELECT *, CASE WHEN is_wrong THEN 'failed' ELSE 'passed' END AS status
FROM judged
ORDER BY status, country, currency
