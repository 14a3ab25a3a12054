-- title: As many events are errors as the scenario says, of clients and of services
-- category: realism
-- severity: high
-- status: failed
-- parameters: share = 0.5, errors = 5, least = 0.003
-- tables: events
-- needs: events(timestamp, source_service, metrics_status_code)
-- needs: expected_event_failures(service, since_s, until_s, failing, wrong)
-- message: {kind} are {found:.1%} of {times} events of {service} from {since} until {until}, expected {wanted:.1%}; {count} such shares
-- measured: {kind} are {found:.2%} of events, expected {wanted:.2%}
-- unjudged: no event lies in a whole stretch of time
-- advice: Draw errors of clients by the service's share, and failures with the probability that the state has then.
-- Half of what is expected, three in a thousand and five errors of chance are allowed to either side, of each service in each
-- stretch and in all.
WITH known AS (
    SELECT service, since_s, until_s, metrics_status_code AS code, failing, wrong * (1 - failing) AS wrong
    FROM events
    JOIN expected_event_failures
        ON service = source_service AND epoch("timestamp") >= since_s AND epoch("timestamp") < until_s
), kinds AS (
    SELECT 'errors of clients' AS kind, service, since_s, until_s, code BETWEEN 400 AND 499 AS is_such, wrong AS likely
    FROM known
    UNION ALL
    SELECT 'failures', service, since_s, until_s, code >= 500, failing
    FROM known
), counted AS (
    SELECT kind, service, since_s, until_s, count(*) AS times, count(*) FILTER (is_such) AS such, sum(likely) AS wanted,
        sum(likely * (1 - likely)) AS variance
    FROM kinds
    GROUP BY ALL
), every AS (
    SELECT 0 AS place, kind, 'all services' AS service, min(since_s) AS since_s, max(until_s) AS until_s,
        sum(times) AS times, sum(such) AS such, sum(wanted) AS wanted, sum(variance) AS variance
    FROM counted
    GROUP BY kind
    UNION ALL
    SELECT 1, kind, service, min(since_s), max(until_s), sum(times), sum(such), sum(wanted), sum(variance)
    FROM counted
    GROUP BY kind, service
    UNION ALL
    SELECT 2, * FROM counted
)
SELECT kind, service, make_timestamp((since_s * 1000000)::BIGINT) AS since,
    make_timestamp((until_s * 1000000)::BIGINT) AS until, times, such / times AS found, every.wanted / times AS wanted,
    CASE
        WHEN abs(such - every.wanted) > $share * every.wanted + $least * times + $errors * sqrt(greatest(variance, 1))
            THEN 'failed'
        ELSE 'passed'
    END AS status
FROM every
ORDER BY status, place, since, kind, service
