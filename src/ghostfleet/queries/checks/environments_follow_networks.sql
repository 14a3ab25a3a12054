-- title: Nothing stands in a network of another environment
-- category: consistency
-- severity: medium
-- status: failed
-- tables: VPC, DEPLOYED_IN
-- needs: VPC(id, name, environment), DEPLOYED_IN(from_label, from_id, to_id), graph_nodes(table_name, id, name, environment)
-- message: {count} nodes stand in the wrong network, the first {label} {name}, which is {environment}, in {network}
-- measured: every node stands in a network of its environment
-- advice: Choose the network by the environment.
SELECT node.table_name AS label, node.name, node.environment, network.name AS network
FROM "DEPLOYED_IN" AS link
JOIN graph_nodes AS node ON node.table_name = link.from_label AND node.id = link.from_id
JOIN "VPC" AS network ON network.id = link.to_id
WHERE node.environment <> network.environment
ORDER BY 1, 2
