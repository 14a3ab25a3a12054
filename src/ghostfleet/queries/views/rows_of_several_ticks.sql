-- title: Why documented levels do not hold for rows that fold several steps
-- needs: expected_data(step_s, tick_s)
SELECT 'rows are the 95th percentile of ' || step_s // tick_s || ' steps; what the scenario says is of single steps' AS reason
FROM expected_data
WHERE step_s > tick_s
