-- title: The upstream service of a transaction is its gateway
-- category: consistency
-- severity: medium
-- status: failed
-- defect: 11
-- tables: transactions
-- needs: transactions(transaction_id, payment_gateway, upstream_service)
-- message: {count} transactions name two gateways, the first in row {file_row}: {payment_gateway} and {upstream_service}
-- measured: every upstream service is payment-gateway- and the gateway
-- advice: Draw the gateway once.
SELECT file_row, transaction_id, payment_gateway, upstream_service
FROM transactions
WHERE upstream_service IS DISTINCT FROM 'payment-gateway-' || payment_gateway
ORDER BY file_row
