-- title: Share of failed requests of the services that deviated most, around that time
-- columns: time, service_name, error_percent, day
-- needs: largest_deviation, system_metrics(time TIMESTAMPTZ, service_name, cluster_name, error_rate DOUBLE)
SELECT time, system_metrics.service_name, error_rate AS error_percent, day
FROM system_metrics
JOIN largest_deviation AS deviation ON system_metrics.service_name = deviation.service_name
    AND system_metrics.cluster_name = deviation.cluster_name AND time >= since AND time < until
ORDER BY place, time
