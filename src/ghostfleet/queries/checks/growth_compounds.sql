-- title: Load grows by its documented rate, month after month
-- category: realism
-- severity: high
-- status: failed
-- defect: 3
-- parameters: share = 0.1, metric_share = 0.3, above = 2, below = 70, bending = 85, least_days = 730, least_servers = 5, least_rate = 0.3
-- needs: calm, expected_archetypes(server_type, growth_percent_per_month)
-- unless: load_of_its_own_shape, rows_of_several_ticks
-- message: {server_type} grows {found:.2f} % a month, expected {wanted:.2f} % (by {metric}, ± {allowed:.2f}, standard error {error:.3f})
-- measured: furthest is {server_type}: {found:.2f} % a month, expected {wanted:.2f} % (by {metric}, standard error {error:.3f})
-- unjudged: no type has three servers whose levels stay between 2 and 70 % of their range
-- advice: Apply growth per month and compound it, to CPU, memory, disk and network alike.
-- Slopes of the log of a type's mean over years, inside calendar cells (month, weekend), so that the calendar's make-up does
-- not matter. Servers whose level leaves `above` to `below` percent of the range are left out: there the range bends growth. The error
-- is a jackknife over servers; metrics are weighted by its inverse square. Each metric is looked at by itself too, up to
-- `bending` and with a wider allowance, so that none stands still unseen. Spikes stay in: their share is the same each year,
-- while a rule that tells them by their height would cut more of the noise in early years than in late ones.
-- Three standard errors are allowed, and more, the fewer the servers: an error found from a few is itself unsure (the
-- factor follows Student's t at one in a thousand).
WITH long AS (
    UNPIVOT (SELECT server_type, server_id, year, month, weekend, cpu, memory, disk, network / 10 AS network FROM calm)
    ON cpu, memory, disk, network INTO NAME metric VALUE value
), cells AS (
    SELECT server_type, server_id, metric, year, month, weekend, avg(value) AS level FROM long GROUP BY ALL
), highest AS (
    SELECT server_id, metric, max(level) AS level, min(level) AS lowest
    FROM (SELECT server_id, metric, year, avg(level) AS level FROM cells GROUP BY ALL)
    GROUP BY ALL
), reaches AS (
    FROM (VALUES (true, $below), (false, $bending)) AS t(strict, most)
), complete AS (
    SELECT cells.*, strict
    FROM cells
    JOIN highest USING (server_id, metric)
    JOIN reaches ON highest.level < most
    WHERE highest.lowest >= $above
), totals AS (
    SELECT server_type, metric, strict, year, month, weekend, sum(level) AS total, count(*) AS servers FROM complete GROUP BY ALL
), left_out AS (
    SELECT server_type, metric, strict, year, month, weekend, '' AS without, total FROM totals
    UNION ALL
    SELECT server_type, metric, strict, year, month, weekend, server_id, total - level
    FROM totals JOIN complete USING (server_type, metric, strict, year, month, weekend)
    WHERE totals.servers > 1
), centred AS (
    SELECT server_type, metric, strict, without,
        ln(greatest(total, 1e-9)) - avg(ln(greatest(total, 1e-9))) OVER cell AS height,
        year - avg(year) OVER cell AS years
    FROM left_out
    WINDOW cell AS (PARTITION BY server_type, metric, strict, without, month, weekend)
), slopes AS (
    SELECT server_type, metric, strict, without, sum(height * years) / nullif(sum(years * years), 0) / 12 AS slope
    FROM centred
    GROUP BY ALL
), variances AS (
    SELECT server_type, metric, strict, (count(*) - 1) * var_pop(slope) AS variance
    FROM slopes
    WHERE without <> ''
    GROUP BY ALL
), combined AS (
    SELECT server_type, 'all metrics' AS metric, without,
        sum(slope / greatest(variance, 1e-12)) / sum(1 / greatest(variance, 1e-12)) AS slope
    FROM slopes
    JOIN variances USING (server_type, metric, strict)
    WHERE strict
    GROUP BY ALL
    UNION ALL
    SELECT server_type, metric, without, slope FROM slopes WHERE NOT strict
), estimates AS (
    SELECT server_type, metric,
        max(slope) FILTER (without = '') AS slope,
        sqrt((count(*) - 2) * var_pop(slope) FILTER (without <> '')) AS deviation,
        3 * (1 + 6 / (count(*) - 2)) AS errors_allowed,
        count(*) - 1 AS servers
    FROM combined
    GROUP BY ALL
    HAVING count(*) > 3
), span AS (
    SELECT max(day) - min(day) + 1 AS days FROM moments
)
SELECT server_type, metric, 100 * (exp(slope) - 1) AS found, growth_percent_per_month AS wanted, 100 * deviation AS error,
    greatest(abs(wanted), $least_rate) AS rate,
    CASE metric WHEN 'all metrics' THEN $share ELSE $metric_share END AS part,
    part * rate + errors_allowed * error AS allowed,
    CASE
        WHEN days < $least_days OR servers < $least_servers OR slope IS NULL OR errors_allowed * error > 0.6 * rate THEN 'no_data'
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
ORDER BY status, abs(found - wanted) / rate / part DESC
