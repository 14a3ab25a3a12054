-- title: No transaction lies outside of the window, and so none in the future
-- category: validity
-- severity: critical
-- status: failed
-- tables: transactions
-- needs: transactions(timestamp, transaction_id), stated_windows(table_name, since_s, until_s)
-- message: {count} transactions lie outside of the data set's window, the first in row {file_row}, {transaction_id}: {at}
-- measured: all transactions lie within the window that the manifest states
-- advice: Look at the clock and the zone of whatever wrote them: no row is later than the end of its window.
SELECT file_row, transaction_id, "timestamp" AS at
FROM transactions
WHERE NOT EXISTS (
    FROM stated_windows WHERE table_name = 'transactions' AND epoch("timestamp") >= since_s AND epoch("timestamp") < until_s
)
ORDER BY file_row
