-- title: The end of a quarter is as busy as the scenario says
-- category: realism
-- severity: high
-- status: failed
-- defect: 4
-- parameters: least_share = 0.333333, most_error = 0.5
-- needs: fleet_days
-- optional: expected_rush(factor)
-- unless: load_of_its_own_shape, rows_longer_than_a_day, quarters_end_as_usual, growth_outruns_the_month
-- message: {year} Q{quarter} ({month_name}): the last days are at {ratio:.2f} of usual days of the same kind, CPU at {cpu_ratio:.2f}, expected {wanted:.2f}; {count} quarter ends are not as they should be
-- measured: the furthest off is {year} Q{quarter} ({month_name}), at {ratio:.2f} of usual, CPU at {cpu_ratio:.2f}, expected {wanted:.2f}
-- unjudged: no end of a quarter is whole, with ordinary days of the same kind around it, at levels that leave it room
-- advice: Let the quarter end override the holiday factor on 27 to 31 December.
-- The share of the expected rise (or fall) that is found: days weigh by what is expected of them. At least a third is
-- wanted, of the load and of CPU alone, less two standard errors; errors of neighbouring days go together a little.
WITH ends AS (
    SELECT year, quarter, month, monthname(min(day)) AS month_name, count(*) AS days, avg(day_factor) AS wanted,
        avg(ratio) AS ratio, avg(cpu_ratio) AS cpu_ratio,
        sum((day_factor - 1) * (ratio - 1)) / sum((day_factor - 1) ** 2) AS share,
        sum((day_factor - 1) * (cpu_ratio - 1)) / sum((day_factor - 1) ** 2) AS cpu_share,
        1.5 * sqrt(sum(((day_factor - 1) * ratio_error) ** 2)) / sum((day_factor - 1) ** 2) AS error,
        1.5 * sqrt(sum(((day_factor - 1) * cpu_ratio_error) ** 2)) / sum((day_factor - 1) ** 2) AS cpu_error
    FROM fleet_days
    WHERE rush
    GROUP BY ALL
)
SELECT year, quarter, month_name, ratio, cpu_ratio, wanted,
    CASE
        WHEN error > $most_error THEN 'no_data'
        WHEN share + 2 * error < $least_share THEN 'failed'
        WHEN cpu_share + 2 * cpu_error < $least_share AND cpu_error <= $most_error THEN 'failed'
        ELSE 'passed'
    END AS status,
    'the noise of so few servers hides the end of a quarter' AS reason
FROM ends
WHERE days = (SELECT count(*) FROM expected_rush WHERE factor <> 1)
ORDER BY status, least(share, cpu_share)
