-- title: CPU of one lively host over one day
-- columns: time, cpu_percent, host_id, day
-- needs: lively_day(host_id, time, day, cpu)
SELECT "time", cpu AS cpu_percent, host_id, day
FROM lively_day
ORDER BY "time"
