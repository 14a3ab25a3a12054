-- title: Readings remember the step before
-- category: realism
-- severity: low
-- status: warning
-- parameters: least = 0.1, least_noise = 0.03
-- needs: ordinary, expected_data(step_s), expected_archetypes(server_type, cpu_mean, cpu_deviation)
-- unless: load_of_its_own_shape, rows_of_several_ticks
-- message: residual CPU follows the mean of its last three steps with correlation {memory:.2f} (the last step alone {lag_1:.2f}), more than {least:g} is wanted
-- measured: residual CPU follows the mean of its last three steps with correlation {memory:.2f} (the last step alone {lag_1:.2f})
-- unjudged: no 100 readings of servers with 30 steps in a year follow three others
-- advice: Draw noise with memory (1/f); white noise looks made up and nothing can be forecast.
-- A reading over its type's mean at the same step has no time factors left; its own memory stays in.
WITH types AS (
    SELECT server_type, "timestamp", avg(cpu) AS usual FROM ordinary GROUP BY ALL HAVING count(*) >= 3
), shares AS (
    SELECT server_id, "timestamp", cpu / nullif(usual, 0) AS share
    FROM ordinary
    JOIN types USING (server_type, "timestamp")
    JOIN expected_archetypes USING (server_type)
    WHERE cpu_deviation > $least_noise * cpu_mean AND cpu_mean > 2
), middles AS (
    SELECT server_id, year("timestamp") AS year, avg(share) AS middle FROM shares GROUP BY ALL HAVING count(share) >= 30
), swings AS (
    SELECT shares.server_id, "timestamp", share - middle AS swing
    FROM shares
    JOIN middles ON middles.server_id = shares.server_id AND middles.year = year(shares."timestamp")
), pairs AS (
    SELECT swing, lag(swing) OVER times AS last_one, avg(swing) OVER last_three AS last_three,
        epoch("timestamp") - epoch(lag("timestamp", 3) OVER times) AS span_s
    FROM swings
    WINDOW times AS (PARTITION BY server_id ORDER BY "timestamp"),
        last_three AS (PARTITION BY server_id ORDER BY "timestamp" ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING)
)
SELECT corr(swing, last_three) AS memory, corr(swing, last_one) AS lag_1, $least AS least,
    CASE WHEN memory <= $least OR isnan(memory) THEN 'warning' ELSE 'passed' END AS status
FROM pairs
CROSS JOIN expected_data
WHERE span_s = 3 * step_s
HAVING count(*) >= 100
