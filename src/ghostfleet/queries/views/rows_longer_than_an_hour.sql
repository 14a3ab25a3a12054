-- title: Why hours cannot be seen in rows that cover several
-- needs: expected_data(step_s)
SELECT 'rows cover ' || format('{:.3g}', step_s / 3600) || ' hours each, so working hours cannot be told from nights' AS reason
FROM expected_data
WHERE step_s > 3600
