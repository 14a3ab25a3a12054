-- title: Median response time of the services that deviated most, around that time
-- columns: time, service_name, response_ms, day
-- needs: largest_deviation, system_metrics(time TIMESTAMPTZ, service_name, cluster_name, response_time_ms DOUBLE)
SELECT time, system_metrics.service_name, response_time_ms AS response_ms, day
FROM system_metrics
JOIN largest_deviation AS deviation ON system_metrics.service_name = deviation.service_name
    AND system_metrics.cluster_name = deviation.cluster_name AND time >= since AND time < until
ORDER BY place, time
