-- title: Why nobody can say how load should move where a scenario adds shapes of its own
-- needs: expected_archetypes(server_type, own_shapes)
SELECT 'the scenario gives ' || string_agg(server_type, ', ' ORDER BY server_type) || ' load shapes of its own' AS reason
FROM expected_archetypes
WHERE own_shapes > 0
HAVING count(*) > 0
