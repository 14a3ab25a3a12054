-- title: CPU of the trading services, over one day
-- columns: time, service_name, cpu_percent, cluster_name, day
-- needs: day_of_trading
SELECT time, service_name, cpu_utilization AS cpu_percent, cluster_name, day FROM day_of_trading ORDER BY place, time
