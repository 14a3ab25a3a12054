-- title: Graph and metrics know the same services
-- category: consistency
-- severity: high
-- status: failed
-- tables: Service, system_metrics
-- needs: Service(name), system_metrics(service_name)
-- parameters: least_percent = 80, warned_percent = 60
-- message: {common} of {most} services are in graph and metrics, {percent:.0f} %; {strange} is in one of them alone
-- measured: {common} of {most} services are in both, {percent:.0f} %
-- advice: Write graph and metrics of one scenario; a service has one name everywhere.
WITH graph AS (
    SELECT DISTINCT name FROM "Service"
), metrics AS (
    SELECT DISTINCT service_name AS name FROM system_metrics
), counts AS (
    SELECT (SELECT count(*) FROM graph JOIN metrics USING (name)) AS common,
        greatest((SELECT count(*) FROM graph), (SELECT count(*) FROM metrics)) AS most,
        (SELECT min(name) FROM (SELECT coalesce(graph.name, metrics.name) AS name FROM graph FULL JOIN metrics
            ON graph.name = metrics.name WHERE graph.name IS NULL OR metrics.name IS NULL)) AS strange
)
SELECT common, most, 100.0 * common / most AS percent, strange,
    CASE WHEN 100.0 * common / most >= $least_percent THEN 'passed'
        WHEN 100.0 * common / most >= $warned_percent THEN 'warning' ELSE 'failed' END AS status
FROM counts
