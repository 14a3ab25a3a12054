-- title: Server ids follow one pattern, counted from zero
-- category: consistency
-- severity: medium
-- status: failed
-- defect: 15
-- needs: server_metrics(server_id)
-- message: {problem}, for instance {server_id}
-- measured: ids are one prefix and a running number of fixed width
-- advice: Use ids such as server_000; other schemes make rows impossible to join.
WITH ids AS (
    SELECT server_id, regexp_extract(server_id, '^([a-z][a-z0-9_]*_)(\d{2,})$', 1) AS prefix,
        try_cast(regexp_extract(server_id, '(\d{2,})$', 1) AS BIGINT) AS number
    FROM (SELECT DISTINCT server_id FROM server_metrics WHERE server_id IS NOT NULL)
)
SELECT 'an id is not of the form server_000' AS problem, server_id FROM ids WHERE prefix = ''
UNION ALL
SELECT 'ids have ' || count(DISTINCT prefix) || ' prefixes', max(server_id) FROM ids HAVING count(DISTINCT prefix) > 1
UNION ALL
SELECT 'ids do not count from 0 to ' || count(*) - 1, max(server_id) FROM ids
WHERE prefix <> '' HAVING max(number) <> count(*) - 1 OR min(number) <> 0
