-- title: Most of those who ask are known
-- category: realism
-- severity: medium
-- status: failed
-- parameters: most = 0.35, errors = 6
-- tables: events
-- needs: events(context_user_id)
-- message: {share:.1%} of {times} events are of nobody who is known
-- measured: {share:.1%} of {times} events are of nobody who is known
-- unjudged: there is no event
-- advice: Leave the user out of a tenth of all events, where nobody needs to be known.
-- No route is anonymous in more than 23 % of its requests; six errors of chance are allowed beside that.
SELECT times, share,
    CASE
        WHEN share > $most + $errors * sqrt($most * (1 - $most) / times) THEN 'failed'
        ELSE 'passed'
    END AS status
FROM (SELECT count(*) AS times, avg((context_user_id IS NULL)::INTEGER) AS share FROM events)
WHERE times > 0
