-- title: What is called prod, staging or dev is production, staging or development
-- category: consistency
-- severity: medium
-- status: failed
-- tables: Service
-- needs: graph_nodes(table_name, name, environment)
-- message: {count} nodes contradict their names, the first {table_name} {name}: {environment}
-- measured: every environment follows the name
-- advice: Derive the environment from the name, or the name from the environment.
SELECT table_name, name, environment, file_row
FROM graph_nodes
JOIN (VALUES ('prod', 'production'), ('production', 'production'), ('staging', 'staging'), ('dev', 'development'),
    ('development', 'development')) AS words(word, meaning) ON word = split_part(name, '-', 1)
WHERE environment <> meaning
ORDER BY table_name, name
