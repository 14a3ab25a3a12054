-- title: Memory of one lively host over one day
-- columns: time, memory_percent, host_id, day
-- needs: lively_day(host_id, time, day, memory)
SELECT "time", memory AS memory_percent, host_id, day
FROM lively_day
ORDER BY "time"
