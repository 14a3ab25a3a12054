-- title: Addresses of shoppers are from 198.18.0.0/15, which belongs to nobody
-- category: validity
-- severity: medium
-- status: failed
-- tables: transactions
-- needs: transactions(transaction_id, ip_address)
-- message: {count} transactions have another address, the first in row {file_row}, {transaction_id}: {ip_address}
-- measured: every address is from 198.18.0.0/15
-- advice: Take addresses from a network for tests; a real one belongs to somebody.
SELECT file_row, transaction_id, ip_address
FROM transactions
WHERE NOT regexp_full_match(ip_address, '198[.]1[89]([.]([1-9]?[0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])){2}')
ORDER BY file_row
