-- title: A server's metadata never changes
-- category: consistency
-- severity: medium
-- status: failed
-- needs: server_metrics(server_id, app_name, business_unit, criticality, region, server_type)
-- message: {count} servers change, the first {server_id}: {sets} sets of metadata
-- measured: each server has one set of metadata
-- advice: Derive metadata from the server, not from the row.
SELECT server_id, count(DISTINCT (app_name, business_unit, criticality, region, server_type)) AS sets
FROM server_metrics
WHERE server_id IS NOT NULL
GROUP BY server_id
HAVING sets > 1
ORDER BY server_id
