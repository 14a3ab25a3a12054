-- title: Rows of services' metrics, and the tables that hold all requests of the time that a row covers
-- needs: system_metrics(time, service_name, request_count, error_rate), whole_steps(metrics, since_s)
-- Rates are rounded to 0.01 % at the coarsest; an agent tells no number of failures.
WITH metrics AS (
    SELECT service_name, epoch(time)::BIGINT AS since_s, sum(request_count) AS requests,
        sum(request_count * coalesce(error_rate, 0) / 100) AS failures, 0.00005 * sum(request_count) + 0.01 AS rounding
    FROM system_metrics
    GROUP BY ALL
)
SELECT table_name, trace_share, service_name, since_s, row_s, since, until, requests, failures, rounding
FROM metrics
JOIN whole_steps USING (since_s)
WHERE metrics = 'system_metrics'
