-- title: Pods of the trading services, over one day
-- columns: time, service_name, pods, cluster_name, day
-- needs: day_of_trading
SELECT time, service_name, pod_count AS pods, cluster_name, day FROM day_of_trading ORDER BY place, time
