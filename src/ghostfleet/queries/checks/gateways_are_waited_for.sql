-- title: A gateway that does not answer in time was waited for
-- category: consistency
-- severity: medium
-- status: failed
-- tables: transactions
-- needs: transactions(transaction_id, error_code, response_time_ms), expected_waits(least_ms)
-- message: {count} payments timed out too soon, the first in row {file_row}, {transaction_id}: after {response_time_ms} ms, of {least_ms:g} at least
-- measured: every payment that timed out was waited for
-- advice: Let an attempt that times out last as long as its client waits.
SELECT file_row, transaction_id, response_time_ms, least_ms
FROM transactions
CROSS JOIN expected_waits
WHERE error_code = 'PAYMENT_TIMEOUT' AND response_time_ms < least_ms
ORDER BY file_row
