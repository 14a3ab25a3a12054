-- title: Disk writes of one lively host over one day
-- columns: time, written_kb_per_s, host_id, day
-- needs: lively_day(host_id, time, day, disk_write)
SELECT "time", disk_write AS written_kb_per_s, host_id, day
FROM lively_day
ORDER BY "time"
