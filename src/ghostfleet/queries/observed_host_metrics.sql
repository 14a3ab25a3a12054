-- title: Hosts, span and step that the rows themselves show
-- needs: host_metrics(host_id, time)
WITH steps AS (
    SELECT DISTINCT epoch("time")::BIGINT AS step FROM host_metrics WHERE "time" IS NOT NULL
), gaps AS (
    SELECT step, step - lag(step) OVER (ORDER BY step) AS gap FROM steps
)
SELECT
    (SELECT count(DISTINCT host_id) FROM host_metrics) AS entities,
    min(step) AS since_s,
    max(step) + coalesce(mode(gap), 300)::BIGINT AS until_s,
    coalesce(mode(gap), 300)::BIGINT AS step_s
FROM gaps
