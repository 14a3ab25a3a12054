-- title: Caches answer some of what is read, and not all
-- category: realism
-- severity: low
-- status: failed
-- parameters: low = 0.25, high = 0.6, errors = 6
-- tables: events
-- needs: events(source_method, metrics_status_code, metrics_cache_hit)
-- message: a cache answers {share:.1%} of {times} reads
-- measured: a cache answers {share:.1%} of {times} reads
-- unjudged: nothing is read
-- advice: Let a cache answer about two in five of the GET that end with 200, the quicker ones.
-- Six errors of chance are allowed beside the bounds.
SELECT times, share,
    CASE
        WHEN share < $low - $errors * sqrt($low * (1 - $low) / times) THEN 'failed'
        WHEN share > $high + $errors * sqrt($high * (1 - $high) / times) THEN 'failed'
        ELSE 'passed'
    END AS status
FROM (
    SELECT count(metrics_cache_hit) AS times, avg(metrics_cache_hit::INTEGER) AS share
    FROM events
    WHERE source_method = 'GET' AND metrics_status_code = 200
)
WHERE times > 0
