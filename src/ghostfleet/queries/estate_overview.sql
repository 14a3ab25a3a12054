-- title: What the data set of an estate is
-- columns: records, since, until, duration_days, services, duplicates
-- needs: system_metrics(time TIMESTAMPTZ, service_name, cluster_name)
WITH readings AS (
    SELECT time, service_name, cluster_name, count(*) AS copies FROM system_metrics GROUP BY 1, 2, 3
)
SELECT CAST(sum(copies) AS BIGINT) AS records, min(time) AS since, max(time) AS until,
    CAST(max(time) AS DATE) - CAST(min(time) AS DATE) + 1 AS duration_days,
    count(DISTINCT service_name || ' ' || cluster_name) AS services, CAST(sum(copies - 1) AS BIGINT) AS duplicates
FROM readings
