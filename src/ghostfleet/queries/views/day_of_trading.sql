-- title: One day of the services of the trading cluster, or of the busiest one where none is called so
-- needs: system_metrics(time TIMESTAMPTZ, service_name, cluster_name, cpu_utilization DOUBLE, request_count BIGINT)
-- needs: system_metrics(response_time_ms DOUBLE, error_rate DOUBLE, throughput_rps DOUBLE, pod_count BIGINT)
-- The day is the one with most requests of that cluster: a whole one, and none on which the market is closed.
WITH clusters AS (
    SELECT cluster_name, sum(request_count) AS requests FROM system_metrics GROUP BY 1
), cluster AS (
    SELECT cluster_name
    FROM clusters
    ORDER BY CASE WHEN cluster_name LIKE '%trading%' THEN 0 ELSE 1 END, requests DESC NULLS LAST, cluster_name
    LIMIT 1
), days AS (
    SELECT date_trunc('day', time) AS day, sum(request_count) AS requests
    FROM system_metrics
    JOIN cluster USING (cluster_name)
    GROUP BY 1
), busiest AS (
    SELECT day FROM days ORDER BY requests DESC NULLS LAST, day LIMIT 1
), services AS (
    SELECT service_name, row_number() OVER (ORDER BY sum(request_count) DESC NULLS LAST, service_name) AS place
    FROM system_metrics
    JOIN cluster USING (cluster_name)
    GROUP BY 1
)
SELECT time, service_name, cluster_name, place, CAST(CAST(day AS DATE) AS VARCHAR) AS day, cpu_utilization, response_time_ms,
    error_rate, throughput_rps, pod_count
FROM system_metrics
JOIN cluster USING (cluster_name)
JOIN services USING (service_name)
JOIN busiest ON date_trunc('day', time) = day
