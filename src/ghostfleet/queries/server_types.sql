-- title: Servers by type
-- columns: server_type, servers, share_pct
-- needs: server_metrics(server_id, server_type)
SELECT server_type, count(DISTINCT server_id) AS servers,
    100 * count(DISTINCT server_id) / sum(count(DISTINCT server_id)) OVER () AS share_pct
FROM server_metrics
WHERE server_type IS NOT NULL
GROUP BY ALL
ORDER BY servers DESC, server_type
