-- title: How many services and databases are in both graph and metrics
-- optional: Service(name), system_metrics(service_name), database_metrics(db_identifier)
-- optional: RDSInstance(name), EC2Instance(name)
WITH named AS (
    SELECT 'service' AS kind, 'graph' AS place, CAST(name AS VARCHAR) AS name FROM "Service"
    UNION SELECT 'service', 'metrics', CAST(service_name AS VARCHAR) FROM system_metrics
    UNION SELECT 'database', 'graph', CAST(name AS VARCHAR) FROM "RDSInstance"
    UNION SELECT 'database', 'graph', CAST(name AS VARCHAR) FROM "EC2Instance"
    UNION SELECT 'database', 'metrics', CAST(db_identifier AS VARCHAR) FROM database_metrics
), placed AS (
    SELECT kind, name, bool_or(place = 'graph') AS in_graph, bool_or(place = 'metrics') AS in_metrics FROM named GROUP BY ALL
), counts AS (
    SELECT kind, count(*) FILTER (WHERE in_graph AND in_metrics) AS common,
        greatest(count(*) FILTER (WHERE in_graph), count(*) FILTER (WHERE in_metrics)) AS most,
        min(name) FILTER (WHERE NOT (in_graph AND in_metrics)) AS strange
    FROM placed GROUP BY kind
)
SELECT kind, common, most, strange, 100.0 * common / most AS percent FROM counts
