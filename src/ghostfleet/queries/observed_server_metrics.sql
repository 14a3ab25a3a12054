-- title: Servers, span and step that the rows themselves show
-- needs: server_metrics(server_id, timestamp)
WITH steps AS (
    SELECT DISTINCT epoch("timestamp")::BIGINT AS step FROM server_metrics WHERE "timestamp" IS NOT NULL
), gaps AS (
    SELECT step, step - lag(step) OVER (ORDER BY step) AS gap FROM steps
)
SELECT
    (SELECT count(DISTINCT server_id) FROM server_metrics) AS entities,
    min(step) AS since_s,
    max(step) + coalesce(mode(gap), 86400)::BIGINT AS until_s,
    coalesce(mode(gap), 86400)::BIGINT AS step_s
FROM gaps
