-- title: Half of all carts come from a cache
-- category: realism
-- severity: low
-- status: failed
-- parameters: share = 0.5, tolerance = 0.1, errors = 6
-- tables: transactions
-- needs: transactions(cache_hit)
-- message: {share:.1%} of {times} carts come from a cache
-- measured: {share:.1%} of {times} carts come from a cache
-- unjudged: there is no transaction
-- advice: Draw for each transaction whether its cart was cached.
-- Six errors of chance are allowed beside that.
SELECT times, share,
    CASE
        WHEN abs(share - $share) > $tolerance + $errors * sqrt($share * (1 - $share) / times) THEN 'failed'
        ELSE 'passed'
    END AS status
FROM (SELECT count(cache_hit) AS times, avg(cache_hit::INTEGER) AS share FROM transactions)
WHERE times > 0
