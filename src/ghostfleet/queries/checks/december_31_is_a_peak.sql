-- title: 31 December is a peak
-- category: realism
-- severity: high
-- status: failed
-- defect: 4
-- parameters: least_share = 0.333333, most_error = 0.5
-- needs: fleet_days
-- unless: load_of_its_own_shape, rows_longer_than_a_day, quarters_end_as_usual, growth_outruns_the_month
-- message: {day} is at {ratio:.2f} of usual days of the same kind, its CPU at {cpu_ratio:.2f}, expected {wanted:.2f}; {count} year ends are no peak
-- measured: the least busy is {day}, at {ratio:.2f} of usual, its CPU at {cpu_ratio:.2f}, expected {wanted:.2f}
-- unjudged: no 31 December has ordinary days of the same kind around it, at levels that leave it room
-- advice: Let the quarter end override the holiday factor on 27 to 31 December.
-- A third of what the scenario adds to the day is wanted at least, of the load and of CPU alone, less two standard errors.
WITH ends AS (
    SELECT day, day_factor AS wanted, ratio, cpu_ratio, ratio_error, cpu_ratio_error, rush,
        1 + $least_share * (day_factor - 1) AS least
    FROM fleet_days
    WHERE month = 12 AND days_left = 0
)
SELECT day, wanted, ratio, cpu_ratio,
    CASE
        WHEN NOT rush OR wanted <= 1.02 OR ratio_error > $most_error * (wanted - 1) THEN 'no_data'
        WHEN ratio + 2 * ratio_error < least THEN 'failed'
        WHEN cpu_ratio + 2 * cpu_ratio_error < least AND cpu_ratio_error <= $most_error * (wanted - 1) THEN 'failed'
        ELSE 'passed'
    END AS status,
    CASE
        WHEN NOT rush OR wanted <= 1.02 THEN 'the scenario makes 31 December no peak: its factor is ' || round(wanted, 2)
        ELSE 'the noise of so few servers hides the end of the year'
    END AS reason
FROM ends
ORDER BY status, ratio
