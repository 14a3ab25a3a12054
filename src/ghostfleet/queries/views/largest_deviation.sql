-- title: Services that deviated most at the time when deviations were largest, and hours around it
-- needs: system_metrics(time TIMESTAMPTZ, service_name, cluster_name, request_count BIGINT, response_time_ms DOUBLE)
-- needs: system_metrics(error_rate DOUBLE)
-- Of telemetry alone. Usual is the median of a service's rows. A quarter of an hour deviates by the logarithms of its
-- failed requests and of its response time over what is usual; five requests are added to both, so that the few of a
-- small service prove nothing. Squares add up over services: one that fails outright outweighs many that are a bit slow.
-- Services that deviate by less than a third of the first are not told: that much is chance and the time of day.
WITH usual AS (
    SELECT service_name, cluster_name,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY error_rate) AS error_rate,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY response_time_ms) AS response_ms
    FROM system_metrics
    WHERE request_count > 0 AND response_time_ms > 0
    GROUP BY 1, 2
), quarters AS (
    SELECT time_bucket(INTERVAL '15 minutes', time) AS quarter, service_name, cluster_name,
        sum(request_count * system_metrics.error_rate) / 100 AS failed, sum(request_count * usual.error_rate) / 100 AS expected,
        avg(ln(response_time_ms / response_ms)) AS slower
    FROM system_metrics
    JOIN usual USING (service_name, cluster_name)
    WHERE request_count > 0 AND response_time_ms > 0
    GROUP BY 1, 2, 3
), scored AS (
    SELECT quarter, service_name, cluster_name,
        greatest(ln((failed + 5) / (expected + 5)), 0) + greatest(slower, 0) AS deviation
    FROM quarters
), peak AS (
    SELECT quarter FROM scored GROUP BY 1 ORDER BY sum(deviation * deviation) DESC NULLS LAST, quarter LIMIT 1
), affected AS (
    SELECT quarter, service_name, cluster_name, deviation, max(deviation) OVER () AS largest,
        row_number() OVER (ORDER BY deviation DESC, service_name, cluster_name) AS place
    FROM scored
    JOIN peak USING (quarter)
)
SELECT quarter - INTERVAL '3 hours' AS since, quarter + INTERVAL '3 hours' AS until, service_name, cluster_name, place,
    CAST(CAST(quarter AS DATE) AS VARCHAR) AS day
FROM affected
WHERE place <= 5 AND deviation >= 0.3 * largest
