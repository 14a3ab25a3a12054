-- title: A failure has the status and the words of its code
-- category: consistency
-- severity: high
-- status: failed
-- tables: transactions
-- needs: transactions(transaction_id, error_code, response_code, error_message)
-- needs: expected_failures(code, response_code, message)
-- message: {count} failures have another status or text than their code, the first in row {file_row}: {error_code}, {answered}, {error_message}
-- measured: every code has its status and says what it means
-- advice: Decide on the code, and take status and text from it.
SELECT file_row, transaction_id, error_code, response_code AS answered, error_message
FROM transactions
WHERE error_code IS NOT NULL
    AND NOT EXISTS (
        FROM expected_failures
        WHERE code = error_code AND expected_failures.response_code = transactions.response_code AND message = error_message
    )
ORDER BY file_row
