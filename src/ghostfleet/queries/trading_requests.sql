-- title: Requests per second of the trading services, over one day
-- columns: time, service_name, requests_per_s, cluster_name, day
-- needs: day_of_trading
SELECT time, service_name, throughput_rps AS requests_per_s, cluster_name, day FROM day_of_trading ORDER BY place, time
