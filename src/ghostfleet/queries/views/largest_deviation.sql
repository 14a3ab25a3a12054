-- title: Services that deviated most at the time when deviations were largest, and hours around it
-- needs: system_metrics(time TIMESTAMPTZ, service_name, cluster_name, request_count BIGINT, response_time_ms DOUBLE)
-- needs: system_metrics(error_rate DOUBLE)
-- Of telemetry alone. Usual is the median of a service's rows, of data of three days or more those of the same hour. A
-- quarter of an hour deviates by the share of requests that failed beyond what is usual, five times because an outage is
-- worse than waiting, and by the logarithm of the response time over what is usual. A hundred requests are added, so that
-- the few of a small service prove nothing. Squares add up over services: one that fails outright outweighs many that are
-- a bit slow. Whom it affected is judged against the lower quartiles of the hours around it, because load changes over a
-- day; less than a third of the largest deviation is chance.
WITH readings AS (
    SELECT time, service_name, cluster_name, request_count, response_time_ms, error_rate,
        CASE WHEN max(time) OVER () - min(time) OVER () >= INTERVAL '71 hours' THEN EXTRACT(HOUR FROM time) ELSE 0 END AS hour
    FROM system_metrics
    WHERE request_count > 0 AND response_time_ms > 0 AND error_rate IS NOT NULL
), usual AS (
    SELECT service_name, cluster_name, hour, percentile_cont(0.5) WITHIN GROUP (ORDER BY error_rate) AS error_usual,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY response_time_ms) AS response_usual
    FROM readings
    GROUP BY 1, 2, 3
), quarters AS (
    SELECT time_bucket(INTERVAL '15 minutes', time) AS quarter, service_name, cluster_name,
        sum(request_count * (error_rate - error_usual)) / 20 / (sum(request_count) + 100) AS worse,
        avg(ln(response_time_ms / response_usual)) AS slower
    FROM readings
    JOIN usual USING (service_name, cluster_name, hour)
    GROUP BY 1, 2, 3
), peak AS (
    SELECT quarter
    FROM quarters
    GROUP BY 1
    ORDER BY sum((greatest(worse, 0) + greatest(slower, 0)) * (greatest(worse, 0) + greatest(slower, 0))) DESC NULLS LAST,
        quarter
    LIMIT 1
), shown AS (
    SELECT quarter, time, service_name, cluster_name, request_count, response_time_ms, error_rate
    FROM readings
    JOIN peak ON time >= quarter - INTERVAL '3 hours' AND time < quarter + INTERVAL '3 hours'
), around AS (
    SELECT service_name, cluster_name, percentile_cont(0.25) WITHIN GROUP (ORDER BY error_rate) AS error_usual,
        percentile_cont(0.25) WITHIN GROUP (ORDER BY response_time_ms) AS response_usual
    FROM shown
    GROUP BY 1, 2
), scored AS (
    SELECT quarter, service_name, cluster_name,
        greatest(sum(request_count * (error_rate - error_usual)) / 20 / (sum(request_count) + 100), 0)
            + greatest(avg(ln(response_time_ms / response_usual)), 0) AS deviation
    FROM shown
    JOIN around USING (service_name, cluster_name)
    WHERE time >= quarter AND time < quarter + INTERVAL '15 minutes'
    GROUP BY 1, 2, 3
), ranked AS (
    SELECT quarter, service_name, cluster_name, deviation, max(deviation) OVER () AS largest,
        row_number() OVER (ORDER BY deviation DESC, service_name, cluster_name) AS place
    FROM scored
)
SELECT quarter - INTERVAL '3 hours' AS since, quarter + INTERVAL '3 hours' AS until, service_name, cluster_name, place,
    CAST(CAST(quarter AS DATE) AS VARCHAR) AS day
FROM ranked
WHERE place <= 5 AND deviation >= largest / 3
