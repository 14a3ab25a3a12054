-- title: A transaction that got no connection has waited at a database
-- category: consistency
-- severity: medium
-- status: failed
-- parameters: least = 20, share = 0.75, times_usual = 3
-- tables: transactions
-- needs: transactions(error_code, response_time_ms, database_query_time_ms, upstream_response_time_ms)
-- message: {failures} transactions got no connection after {response_ms:g} ms, {database_ms:g} ms of them at databases
-- measured: transactions that got no connection have waited at databases, or had no need to
-- advice: Let the time that a transaction waits for a connection be that of its database.
-- Medians. Where databases refuse at once, a transaction takes no longer than one that succeeds, whatever it does meanwhile.
WITH usual AS (
    SELECT median(response_time_ms) AS usual_ms FROM transactions WHERE error_code IS NULL
), waited AS (
    SELECT count(*) AS failures, median(response_time_ms) AS response_ms, median(database_query_time_ms) AS database_ms,
        median(response_time_ms - database_query_time_ms - coalesce(upstream_response_time_ms, 0)) AS rest_ms
    FROM transactions
    WHERE error_code = 'DB_CONN_EXHAUSTED'
)
SELECT failures, response_ms, database_ms
FROM usual
CROSS JOIN waited
WHERE failures >= $least AND rest_ms > $share * response_ms AND rest_ms > $times_usual * usual_ms
