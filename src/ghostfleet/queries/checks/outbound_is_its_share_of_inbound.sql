-- title: Outbound traffic is its share of inbound
-- category: consistency
-- severity: high
-- status: failed
-- parameters: tolerance = 0.25, most_above_pct = 1, least_mbps = 10, wander = 0.75, spare_rows = 3
-- needs: server_metrics(timestamp, server_id, net_in_p95, net_out_p95), expected_data(outbound_share, outlier_ratio)
-- message: {count} servers send another share, the first {server_id}: outbound is {share:.2f} of inbound, expected {wanted:.2f}; more went out than came in in {above_pct:.1f} % of its rows
-- measured: every server sends about {wanted:.2f} of what it receives
-- unjudged: no server has ten readings of 10 Mbps or more
-- advice: Look whether net_in_p95 and net_out_p95 were swapped.
-- A server keeps its way for days, so a few of them tell little of its share: `wander` over the root of their number is
-- allowed on top. A few rows with more out than in are nobody's fault.
WITH readings AS (
    SELECT server_id, count(*) AS steps, sum(net_out_p95) / sum(net_in_p95) AS share,
        count(DISTINCT "timestamp"::DATE) AS days,
        100 * avg((net_out_p95 > net_in_p95)::INTEGER) AS above_pct
    FROM server_metrics
    WHERE server_id IS NOT NULL AND greatest(net_in_p95, net_out_p95) >= $least_mbps AND net_in_p95 > 0 AND net_out_p95 IS NOT NULL
    GROUP BY server_id
    HAVING steps >= 10
)
SELECT server_id, share, above_pct, outbound_share AS wanted,
    CASE
        WHEN abs(share / wanted - 1) > $tolerance + outlier_ratio + $wander / sqrt(days)
            OR (above_pct - $most_above_pct - 200 * outlier_ratio) / 100 * steps > $spare_rows THEN 'failed'
        ELSE 'passed'
    END AS status
FROM readings
CROSS JOIN expected_data
ORDER BY status, abs(share / wanted - 1) DESC
