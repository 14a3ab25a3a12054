-- title: Outbound traffic is its share of inbound
-- category: consistency
-- severity: high
-- status: failed
-- parameters: tolerance = 0.25, most_above_pct = 1, least_mbps = 10
-- needs: server_metrics(server_id, net_in_p95, net_out_p95), expected_data(outbound_share, outlier_ratio)
-- message: {count} servers send another share, the first {server_id}: outbound is {share:.2f} of inbound, expected {wanted:.2f}; more went out than came in in {above_pct:.1f} % of its rows
-- measured: every server sends about {wanted:.2f} of what it receives
-- unjudged: no server has ten readings of 10 Mbps or more
-- advice: Look whether net_in_p95 and net_out_p95 were swapped.
WITH readings AS (
    SELECT server_id, count(*) AS steps, sum(net_out_p95) / sum(net_in_p95) AS share,
        100 * avg((net_out_p95 > net_in_p95)::INTEGER) AS above_pct
    FROM server_metrics
    WHERE server_id IS NOT NULL AND greatest(net_in_p95, net_out_p95) >= $least_mbps AND net_in_p95 > 0 AND net_out_p95 IS NOT NULL
    GROUP BY server_id
    HAVING steps >= 10
)
SELECT server_id, share, above_pct, outbound_share AS wanted,
    CASE
        WHEN abs(share / wanted - 1) > $tolerance + outlier_ratio OR above_pct > $most_above_pct + 200 * outlier_ratio THEN 'failed'
        ELSE 'passed'
    END AS status
FROM readings
CROSS JOIN expected_data
ORDER BY status, abs(share / wanted - 1) DESC
