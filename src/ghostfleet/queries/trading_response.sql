-- title: Median response time of the trading services, over one day
-- columns: time, service_name, response_ms, cluster_name, day
-- needs: day_of_trading
SELECT time, service_name, response_time_ms AS response_ms, cluster_name, day FROM day_of_trading ORDER BY place, time
