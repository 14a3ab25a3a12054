-- title: The week can be seen in the fleet's load
-- category: realism
-- severity: medium
-- status: failed
-- parameters: least = 0.3
-- needs: server_metrics(timestamp, cpu_p95), moments
-- unless: load_of_its_own_shape, rows_longer_than_a_day, weekends_as_usual
-- message: daily CPU of the fleet repeats after 7 days with correlation {after_week:.2f}, at least {least:g} is wanted
-- measured: daily CPU of the fleet repeats after 7 days with correlation {after_week:.2f}
-- unjudged: fewer than 21 ordinary days have an ordinary day a week later
-- advice: Check that rows are in their own time and that `data.seasonality.weekly` is what was meant.
WITH days AS (
    SELECT day, moments.year, moments.month, avg(cpu_p95) AS load FROM server_metrics JOIN moments USING ("timestamp")
    WHERE calm
    GROUP BY ALL
), swings AS (
    SELECT day, load - avg(load) OVER (PARTITION BY year, month) AS swing FROM days
)
SELECT corr(a.swing, b.swing) AS after_week, $least AS least,
    CASE WHEN after_week < $least OR isnan(after_week) THEN 'failed' ELSE 'passed' END AS status
FROM swings AS a
JOIN swings AS b ON b.day = a.day + 7
HAVING count(*) >= 21
