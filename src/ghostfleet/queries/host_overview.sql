-- title: What the data set of hosts is
-- columns: records, since, until, duration_days, hosts, duplicates
-- needs: host_metrics(host_id, time)
SELECT count(*) AS records, min("time") AS since, max("time") AS until,
    date_diff('day', min("time"), max("time")) + 1 AS duration_days,
    count(DISTINCT host_id) AS hosts,
    count(*) - count(DISTINCT (host_id, "time")) AS duplicates
FROM host_metrics
