-- title: Servers by business unit
-- columns: business_unit, servers
-- needs: server_metrics(server_id, business_unit)
SELECT business_unit, count(DISTINCT server_id) AS servers
FROM server_metrics
WHERE business_unit IS NOT NULL
GROUP BY ALL
ORDER BY servers DESC, business_unit
