-- title: Hosts by band of their mean CPU
-- columns: band, hosts
-- needs: host_metrics(host_id, cpu)
-- A band holds its lower end; hosts that never reported CPU are counted by themselves.
WITH bands AS (
    SELECT * FROM (VALUES (0, 1), (1, 5), (5, 10), (10, 20), (20, 50), (50, NULL)) AS t (low, high)
), means AS (
    SELECT host_id, avg(cpu) AS mean FROM host_metrics WHERE host_id IS NOT NULL GROUP BY host_id
), counted AS (
    SELECT low, coalesce(low || '–' || high, low || '+') AS band, count(host_id) AS hosts
    FROM bands
    LEFT JOIN means ON mean >= low AND (mean < high OR high IS NULL)
    GROUP BY ALL
    UNION ALL
    SELECT 100, 'no data', count(*) FROM means WHERE mean IS NULL HAVING count(*) > 0
)
SELECT band, hosts FROM counted ORDER BY low
