-- title: Network traffic, in and out, of one lively host over one day
-- columns: time, traffic_kb_per_s, host_id, day
-- needs: lively_day(host_id, time, day, net_in, net_out)
SELECT "time", net_in + net_out AS traffic_kb_per_s, host_id, day
FROM lively_day
ORDER BY "time"
