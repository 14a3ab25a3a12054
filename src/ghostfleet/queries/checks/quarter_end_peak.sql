-- title: The end of a quarter is busy
-- category: realism
-- severity: high
-- status: failed
-- defect: 4
-- parameters: busier = 1.05
-- needs: fleet_days, expected_data(quarterly_peaks)
-- message: {year} Q{quarter}: the last five days are at {ratio:.2f} of usual days of the same kind; {count} quarters are not busy
-- measured: the least busy quarter end is {year} Q{quarter}, at {ratio:.2f} of usual
-- advice: Let the quarter end override the holiday factor on 27 to 31 December.
SELECT year, quarter, avg(ratio) AS ratio, avg(ratio_error) / sqrt(2) AS error,
    CASE WHEN avg(ratio) + 2 * error < $busier THEN 'failed' ELSE 'passed' END AS status
FROM fleet_days
CROSS JOIN expected_data
WHERE rush AND quarterly_peaks
GROUP BY year, quarter
HAVING count(*) = 5
ORDER BY status, ratio
