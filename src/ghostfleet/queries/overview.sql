-- title: What the data set is
-- columns: records, since, until, duration_days, servers, duplicates
-- needs: server_metrics(timestamp, server_id)
SELECT count(*) AS records, min("timestamp") AS since, max("timestamp") AS until,
    date_diff('day', min("timestamp"), max("timestamp")) + 1 AS duration_days,
    count(DISTINCT server_id) AS servers,
    count(*) - count(DISTINCT (server_id, "timestamp")) AS duplicates
FROM server_metrics
