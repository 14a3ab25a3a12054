-- title: Only a transaction that failed was tried again
-- category: validity
-- severity: medium
-- status: failed
-- tables: transactions
-- needs: transactions(transaction_id, status, retry_count)
-- message: {count} transactions have the wrong number of retries, the first in row {file_row}: status {ending}, {retry_count} retries
-- measured: successes have no retry, failures one at least
-- advice: Count the retries of failures alone.
SELECT file_row, transaction_id, status AS ending, retry_count
FROM transactions
WHERE (status = 'success') <> (retry_count = 0)
ORDER BY file_row
