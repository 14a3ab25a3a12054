-- title: 31 December is a peak
-- category: realism
-- severity: high
-- status: failed
-- defect: 4
-- parameters: busier = 1.1
-- needs: fleet_days, expected_data(quarterly_peaks)
-- message: {day} is at {ratio:.2f} of usual days of the same kind, its CPU at {cpu_ratio:.2f}; {count} year ends are no peak
-- measured: the least busy is {day}, at {ratio:.2f} of usual
-- advice: Let the quarter end override the holiday factor on 27 to 31 December.
SELECT day, ratio, cpu_ratio,
    CASE WHEN ratio + 2 * ratio_error < $busier OR cpu_ratio + 2 * cpu_ratio_error < 1 THEN 'failed' ELSE 'passed' END
        AS status
FROM fleet_days
CROSS JOIN expected_data
WHERE month = 12 AND days_left = 0 AND quarterly_peaks
ORDER BY status, ratio
