-- title: Share of failed requests of the trading services, over one day
-- columns: time, service_name, error_percent, cluster_name, day
-- needs: day_of_trading
SELECT time, service_name, error_rate AS error_percent, cluster_name, day FROM day_of_trading ORDER BY place, time
