-- title: A transaction that succeeded has called a gateway
-- category: consistency
-- severity: medium
-- status: failed
-- tables: transactions
-- needs: transactions(transaction_id, status, payment_gateway, upstream_response_time_ms)
-- needs: expected_gateways(gateway, is_called)
-- message: {count} transactions name no gateway, or succeeded without one, the first in row {file_row}: status {ending}, {payment_gateway}, {upstream_response_time_ms} ms
-- measured: every gateway is one of the scenario, and every success has waited for one
-- advice: Keep the time of the gateway that was called; where no payment can be skipped, every success has one.
SELECT file_row, transaction_id, status AS ending, payment_gateway, upstream_response_time_ms
FROM transactions
WHERE coalesce(payment_gateway, '') NOT IN (SELECT gateway FROM expected_gateways)
    OR (
        status = 'success' AND upstream_response_time_ms IS NULL
        AND EXISTS (FROM expected_gateways WHERE is_called)
    )
ORDER BY file_row
