-- title: Server ids follow one pattern, counted from zero
-- category: consistency
-- severity: medium
-- status: failed
-- defect: 15
-- needs: server_metrics(server_id)
-- unless: servers_are_hosts
-- optional: expected_data(server_prefix, fleet_is_whole)
-- message: {problem}, for instance {server_id}
-- measured: ids are one prefix and a running number of fixed width
-- advice: Use ids such as server_000; other schemes make rows impossible to join.
-- An id is the scenario's prefix and a number, or any plain prefix and at least two digits; numbers count from zero, in a
-- part of a data set from wherever the part begins.
WITH facts AS (
    SELECT coalesce(max(server_prefix)::VARCHAR, '') AS own, coalesce(bool_and(fleet_is_whole::BOOLEAN), true) AS is_whole FROM expected_data
), named AS (
    SELECT server_id, own <> '' AND starts_with(server_id, own) AND regexp_full_match(substr(server_id, length(own) + 1), '\d+') AS is_own,
        own, is_whole
    FROM (SELECT DISTINCT server_id FROM server_metrics WHERE server_id IS NOT NULL)
    CROSS JOIN facts
), ids AS (
    SELECT server_id, is_whole,
        CASE WHEN is_own THEN own ELSE regexp_extract(server_id, '^([a-z][a-z0-9_]*_)(\d{2,})$', 1) END AS prefix,
        try_cast(CASE WHEN is_own THEN substr(server_id, length(own) + 1) ELSE regexp_extract(server_id, '(\d{2,})$', 1) END AS BIGINT)
            AS number
    FROM named
)
SELECT 'an id is not of the form server_000' AS problem, server_id FROM ids WHERE prefix = ''
UNION ALL
SELECT 'ids have ' || count(DISTINCT prefix) || ' prefixes', max(server_id) FROM ids HAVING count(DISTINCT prefix) > 1
UNION ALL
SELECT 'ids do not count from ' || CASE WHEN bool_and(is_whole) THEN 0 ELSE min(number) END || ' on', max(server_id) FROM ids
WHERE prefix <> ''
HAVING max(number) - min(number) <> count(*) - 1 OR (bool_and(is_whole) AND min(number) <> 0)
