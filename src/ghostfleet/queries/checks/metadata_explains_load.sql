-- title: Business unit and criticality say something of the load
-- category: realism
-- severity: low
-- status: warning
-- defect: 14
-- parameters: least_ratio = 2, least_servers = 60, least_days = 14, least_deviation = 0.04
-- needs: server_metrics(server_id, business_unit, criticality), servers, expected_data(step_s, unit_deviation, criticality_deviation)
-- unless: load_of_its_own_shape
-- message: between-group variance is {by_unit:.1f} (business unit) and {by_criticality:.1f} (criticality) times the noise; {least_ratio:g} is wanted
-- measured: between-group variance is {by_unit:.1f} (business unit) and {by_criticality:.1f} (criticality) times the noise
-- advice: Let criticality and business unit modify the base level, or their panels show noise.
WITH labels AS (
    SELECT server_id, any_value(business_unit) AS unit, any_value(criticality) AS criticality
    FROM server_metrics GROUP BY server_id
), loads AS (
    SELECT server_id, unit, criticality,
        (cpu / avg(cpu) OVER kind + memory / avg(memory) OVER kind + network / avg(network) OVER kind) / 3 AS load
    FROM servers JOIN labels USING (server_id)
    WINDOW kind AS (PARTITION BY server_type)
), means AS (
    SELECT load, avg(load) OVER () AS middle, avg(load) OVER (PARTITION BY unit) AS unit_mean,
        avg(load) OVER (PARTITION BY criticality) AS criticality_mean, count(*) OVER () AS servers,
        (SELECT count(DISTINCT unit) FROM loads) AS units, (SELECT count(DISTINCT criticality) FROM loads) AS ranks
    FROM loads
)
SELECT
    sum((unit_mean - middle) ** 2) / nullif(any_value(units) - 1, 0)
        / nullif(sum((load - unit_mean) ** 2) / nullif(count(*) - any_value(units), 0), 0) AS by_unit,
    sum((criticality_mean - middle) ** 2) / nullif(any_value(ranks) - 1, 0)
        / nullif(sum((load - criticality_mean) ** 2) / nullif(count(*) - any_value(ranks), 0), 0) AS by_criticality,
    $least_ratio AS least_ratio,
    CASE
        WHEN count(*) < $least_servers OR days < $least_days OR greatest(unit_deviation, criticality_deviation) < $least_deviation
            THEN 'no_data'
        WHEN unit_deviation >= $least_deviation AND unit_deviation > criticality_deviation / 4 AND by_unit < $least_ratio THEN 'warning'
        WHEN criticality_deviation >= $least_deviation AND criticality_deviation > unit_deviation / 4 AND by_criticality < $least_ratio THEN 'warning'
        ELSE 'passed'
    END AS status,
    CASE
        WHEN count(*) < $least_servers THEN 'fewer than ' || $least_servers::INTEGER || ' servers'
        WHEN days < $least_days THEN 'in fewer than ' || $least_days::INTEGER || ' days noise outweighs what lasts'
        ELSE 'the scenario lets neither business unit nor criticality move the load'
    END AS reason
FROM means
CROSS JOIN (SELECT (SELECT max(steps) FROM servers) * step_s / 86400 AS days, unit_deviation, criticality_deviation FROM expected_data)
GROUP BY days, unit_deviation, criticality_deviation
