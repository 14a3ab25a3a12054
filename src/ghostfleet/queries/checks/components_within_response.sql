-- title: What a transaction spent with databases and gateways is within its response time
-- category: validity
-- severity: high
-- status: failed
-- defect: 12
-- tables: transactions
-- needs: transactions(transaction_id, response_time_ms, database_query_time_ms, upstream_response_time_ms)
-- message: {count} transactions took less than their parts, the first in row {file_row}: {response_time_ms} ms of response, {database_query_time_ms} ms of databases, {upstream_response_time_ms} ms of the gateway
-- measured: databases and gateways take no longer than responses
-- advice: Add a response up of its own time and its parts, instead of drawing each of them.
SELECT file_row, transaction_id, response_time_ms, database_query_time_ms, upstream_response_time_ms
FROM transactions
WHERE database_query_time_ms + coalesce(upstream_response_time_ms, 0) > response_time_ms
ORDER BY file_row
