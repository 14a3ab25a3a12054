-- title: Whoever succeeds has confirmed the order, and nobody else has
-- category: consistency
-- severity: high
-- status: failed
-- tables: transactions
-- needs: transactions(transaction_id, status, step, error_code), expected_failures(code, is_of_gateway)
-- message: {count} transactions ended at a step where they cannot, the first in row {file_row}: status {ending}, step {step}
-- measured: successes end with the confirmation, failures before it, and those of a gateway while paying
-- advice: Derive the step from what failed.
SELECT file_row, transaction_id, status AS ending, step, error_code
FROM transactions
WHERE NOT coalesce(CASE
    WHEN status = 'success' THEN step = 'order_confirmation'
    WHEN error_code IN (SELECT code FROM expected_failures WHERE is_of_gateway) THEN step = 'payment_processing'
    ELSE step IN ('cart_review', 'payment_processing') END, false)
ORDER BY file_row
