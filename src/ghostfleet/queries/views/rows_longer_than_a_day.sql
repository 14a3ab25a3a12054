-- title: Why single days cannot be seen in rows that cover several
-- needs: expected_data(step_s)
SELECT 'rows cover ' || format('{:.3g}', step_s / 86400) || ' days each, so single days cannot be told apart' AS reason
FROM expected_data
WHERE step_s > 86400
