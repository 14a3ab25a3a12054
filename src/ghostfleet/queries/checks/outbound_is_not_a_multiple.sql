-- title: Outbound traffic is not a fixed share of inbound
-- category: realism
-- severity: medium
-- status: failed
-- defect: 6
-- parameters: least_spread = 0.005, least_mbps = 10
-- needs: server_metrics(server_id, net_in_p95, net_out_p95)
-- message: {count} servers send a fixed share, the first {server_id}: {share:.3f} with spread {spread:.5f}
-- measured: the share of outbound traffic varies on every server
-- advice: Give outbound traffic its own noise around the ratio.
SELECT server_id, avg(net_out_p95 / net_in_p95) AS share, stddev_samp(net_out_p95 / net_in_p95) / nullif(share, 0) AS spread
FROM server_metrics
WHERE net_in_p95 > $least_mbps AND net_out_p95 IS NOT NULL
GROUP BY server_id
HAVING count(*) > 10 AND spread < $least_spread
ORDER BY server_id
