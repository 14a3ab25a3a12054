-- title: Behind an open circuit breaker no gateway is called
-- category: consistency
-- severity: high
-- status: failed
-- defect: 12
-- tables: transactions
-- needs: transactions(transaction_id, circuit_breaker_state, upstream_response_time_ms, error_code)
-- message: {count} transactions contradict their breaker, the first in row {file_row}: {circuit_breaker_state}, error code {error_code}, {upstream_response_time_ms} ms of the gateway
-- measured: open breakers fail transactions at once, and only they do
-- advice: Let the breaker decide before the gateway is called; what it refuses has no upstream time.
SELECT file_row, transaction_id, circuit_breaker_state, error_code, upstream_response_time_ms
FROM transactions
WHERE (circuit_breaker_state = 'open' AND upstream_response_time_ms IS NOT NULL)
    OR (circuit_breaker_state = 'open') <> (coalesce(error_code, '') = 'CIRCUIT_BREAKER_OPEN')
ORDER BY file_row
