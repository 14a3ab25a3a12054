-- title: Every server has every step
-- category: completeness
-- severity: high
-- status: failed
-- needs: server_metrics(server_id, timestamp)
-- message: {count} rows are missing, the first {server_id} at {timestamp}
-- measured: every server has every step
-- advice: Generate the file again, or fill the named rows.
WITH steps AS (
    SELECT DISTINCT "timestamp" FROM server_metrics WHERE "timestamp" IS NOT NULL
), incomplete AS (
    SELECT server_id
    FROM server_metrics
    WHERE server_id IS NOT NULL
    GROUP BY server_id
    HAVING count(DISTINCT "timestamp") < (SELECT count(*) FROM steps)
)
SELECT server_id, steps."timestamp"
FROM incomplete
CROSS JOIN steps
ANTI JOIN server_metrics AS there ON there.server_id = incomplete.server_id AND there."timestamp" = steps."timestamp"
ORDER BY steps."timestamp", server_id
