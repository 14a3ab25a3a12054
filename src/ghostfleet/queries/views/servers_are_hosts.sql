-- title: Why servers need not be as documented where they are the hosts of an estate
-- needs: expected_hosts_of_estate(hosts)
SELECT 'the servers are the ' || hosts || ' hosts of an estate, with names and little traffic of their own' AS reason
FROM expected_hosts_of_estate
