-- title: Every transaction was answered by an instance that there is
-- category: consistency
-- severity: medium
-- status: failed
-- tables: transactions
-- needs: transactions(transaction_id, server_instance), expected_instances(instance)
-- message: {count} transactions name an instance that there is not, the first in row {file_row}: {server_instance}
-- measured: every instance is one of those there are
-- advice: Draw the instance from those of the service.
SELECT file_row, transaction_id, server_instance
FROM transactions
WHERE coalesce(server_instance, '') NOT IN (SELECT instance FROM expected_instances)
ORDER BY file_row
