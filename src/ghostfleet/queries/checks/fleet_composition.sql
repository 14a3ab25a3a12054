-- title: Server types have their shares
-- category: consistency
-- severity: medium
-- status: failed
-- needs: server_metrics(server_id, server_type), servers, expected_archetypes(server_type, share)
-- message: {server_type}: {found} servers, expected {expected:.1f}
-- measured: every type is within one server of its share
-- advice: Types are web, application, database and batch; see `fleet.shares` of the scenario.
WITH found AS (SELECT server_type, count(*) AS servers FROM servers GROUP BY ALL),
total AS (SELECT count(*) AS servers FROM servers)
SELECT server_type, coalesce(found.servers, 0) AS found, coalesce(share, 0) * total.servers AS expected
FROM found
FULL JOIN expected_archetypes USING (server_type)
CROSS JOIN total
WHERE share IS NULL OR abs(coalesce(found.servers, 0) - share * total.servers) > 1
ORDER BY abs(coalesce(found.servers, 0) - expected) DESC
