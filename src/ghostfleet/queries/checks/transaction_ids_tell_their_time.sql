-- title: The id of a transaction tells the second of the attempt
-- category: consistency
-- severity: medium
-- status: failed
-- tables: transactions
-- needs: transactions(timestamp, transaction_id)
-- message: {count} ids are of another time, the first in row {file_row}: {transaction_id}, {at}
-- measured: every id is txn_, the second in UTC, and a number
-- advice: Derive the id from the time of the attempt, UTC.
SELECT file_row, transaction_id, strftime("timestamp", '%Y-%m-%d %H:%M:%S') AS at
FROM transactions
WHERE "timestamp" IS NOT NULL
    AND NOT coalesce(
        regexp_full_match(transaction_id, 'txn_[0-9]{8}_[0-9]{6}_[0-9]{4,}')
        AND starts_with(transaction_id, strftime("timestamp", 'txn_%Y%m%d_%H%M%S_')), false)
ORDER BY file_row
