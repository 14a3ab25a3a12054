-- title: A transaction that failed says why, and no other does
-- category: consistency
-- severity: high
-- status: failed
-- tables: transactions
-- needs: transactions(transaction_id, status, response_code, error_code, error_message)
-- message: {count} transactions disagree with themselves, the first in row {file_row}: status {ending}, response code {response_code}, error code {error_code}
-- measured: response codes of 500 and more, error codes and messages are those of failures
-- advice: Decide once whether a transaction fails, and why; derive status, codes and message from that.
SELECT file_row, transaction_id, status AS ending, response_code, error_code
FROM transactions
WHERE NOT coalesce(CASE status
    WHEN 'error' THEN response_code BETWEEN 500 AND 503 AND error_code IS NOT NULL AND error_message IS NOT NULL
    ELSE response_code = 200 AND error_code IS NULL AND error_message IS NULL END, false)
ORDER BY file_row
