-- title: Load grows by its documented rate, month after month
-- category: realism
-- severity: high
-- status: failed
-- defect: 3
-- parameters: share = 0.1, above = 2, below = 70, least_days = 730, least_rate = 0.3
-- needs: calm, expected_archetypes(server_type, growth_percent_per_month)
-- unless: rows_of_several_ticks
-- message: {server_type} grows {found:.2f} % a month, expected {wanted:.2f} % (± {allowed:.2f}, standard error {error:.3f})
-- measured: furthest is {server_type}: {found:.2f} % a month, expected {wanted:.2f} % (standard error {error:.3f})
-- unjudged: no type has four servers whose levels stay between 2 and 70 % of their range
-- advice: Apply growth per month and compound it, to CPU, memory, disk and network alike.
-- Slopes of the log of a type's mean over years, inside calendar cells (month, weekend), so that the calendar's make-up does
-- not matter. Servers whose level leaves `above` to `below` percent of the range are left out: there the range bends growth. The error
-- is a jackknife over servers; metrics are weighted by its inverse square. Spikes stay in: their share is the same each year,
-- while a rule that tells them by their height would cut more of the noise in early years than in late ones.
WITH long AS (
    UNPIVOT (SELECT server_type, server_id, year, month, weekend, cpu, disk, network / 10 AS network FROM calm)
    ON cpu, disk, network INTO NAME metric VALUE value
), cells AS (
    SELECT server_type, server_id, metric, year, month, weekend, avg(value) AS level FROM long GROUP BY ALL
), highest AS (
    SELECT server_id, metric, max(level) AS level, min(level) AS lowest
    FROM (SELECT server_id, metric, year, avg(level) AS level FROM cells GROUP BY ALL)
    GROUP BY ALL
), complete AS (
    SELECT cells.*, count(*) OVER (PARTITION BY server_type, metric, year, month, weekend) AS servers
    FROM cells
    JOIN highest USING (server_id, metric)
    WHERE highest.level < $below AND highest.lowest >= $above
), totals AS (
    SELECT server_type, metric, year, month, weekend, sum(level) AS total, count(*) AS servers FROM complete GROUP BY ALL
), left_out AS (
    SELECT server_type, metric, year, month, weekend, '' AS without, total FROM totals
    UNION ALL
    SELECT server_type, metric, year, month, weekend, server_id, total - level
    FROM totals JOIN complete USING (server_type, metric, year, month, weekend)
    WHERE totals.servers > 1
), centred AS (
    SELECT server_type, metric, without,
        ln(greatest(total, 1e-9)) - avg(ln(greatest(total, 1e-9))) OVER cell AS height,
        year - avg(year) OVER cell AS years
    FROM left_out
    WINDOW cell AS (PARTITION BY server_type, metric, without, month, weekend)
), slopes AS (
    SELECT server_type, metric, without, sum(height * years) / nullif(sum(years * years), 0) / 12 AS slope
    FROM centred
    GROUP BY ALL
), variances AS (
    SELECT server_type, metric,
        (count(*) - 1) * var_pop(slope) AS variance
    FROM slopes
    WHERE without <> ''
    GROUP BY ALL
), combined AS (
    SELECT server_type, without, sum(slope / greatest(variance, 1e-12)) / sum(1 / greatest(variance, 1e-12)) AS slope
    FROM slopes
    JOIN variances USING (server_type, metric)
    GROUP BY ALL
), estimates AS (
    SELECT server_type,
        max(slope) FILTER (without = '') AS slope,
        sqrt((count(*) - 2) * var_pop(slope) FILTER (without <> '')) AS deviation
    FROM combined
    GROUP BY ALL
    HAVING count(*) > 3
), span AS (
    SELECT max(day) - min(day) + 1 AS days FROM moments
)
SELECT server_type, 100 * (exp(slope) - 1) AS found, growth_percent_per_month AS wanted, 100 * deviation AS error,
    greatest(abs(wanted), $least_rate) AS rate, $share * rate + 3 * error AS allowed,
    CASE
        WHEN days < $least_days OR slope IS NULL OR error > 0.2 * rate THEN 'no_data'
        WHEN abs(found - wanted) > allowed THEN 'failed'
        ELSE 'passed'
    END AS status,
    CASE
        WHEN days < $least_days THEN 'growth needs two years, the data has ' || days || ' days'
        ELSE 'too few servers below ' || $below::INTEGER || ' % to tell growth from noise'
    END AS reason
FROM estimates
JOIN expected_archetypes USING (server_type)
CROSS JOIN span
ORDER BY status, abs(found - wanted) / rate DESC
