-- title: Why quarter ends cannot be judged where the scenario makes them like other days
-- needs: expected_data(quarterly_peaks), expected_rush(factor)
SELECT 'the scenario makes the end of a quarter like other days' AS reason
FROM expected_data
WHERE NOT quarterly_peaks OR (SELECT max(abs(factor - 1)) FROM expected_rush) < 0.02
