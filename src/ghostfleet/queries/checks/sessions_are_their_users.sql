-- title: A session is of the user and of the day
-- category: consistency
-- severity: medium
-- status: failed
-- defect: 11
-- tables: transactions
-- needs: transactions(timestamp, transaction_id, user_id, session_id)
-- message: {count} transactions are in a session of somebody else or of another day, the first in row {file_row}: {session_id} of {user_id}
-- measured: every session names its user and its day, UTC
-- advice: Make the session of the user and the time, instead of drawing it.
SELECT file_row, transaction_id, user_id, session_id
FROM transactions
WHERE session_id IS DISTINCT FROM concat('sess_', user_id, '_', strftime("timestamp", '%Y%m%d'))
ORDER BY file_row
