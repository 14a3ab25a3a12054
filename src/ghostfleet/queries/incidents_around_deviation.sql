-- title: What truth or records say of the hours of the largest deviation
-- columns: since, until, name
-- needs: largest_deviation
-- optional: incidents(kind, root_entity, start TIMESTAMPTZ, end TIMESTAMPTZ)
-- optional: incident_metrics(time TIMESTAMPTZ, incident_type, duration_minutes DOUBLE)
-- Truth goes before records; those do not say when an incident began, only when somebody noticed it and how long it took.
WITH hours AS (
    SELECT DISTINCT since, until FROM largest_deviation
), truth AS (
    SELECT "start" AS since, "end" AS until, replace(CAST(kind AS VARCHAR), '_', ' ') || ' at ' || CAST(root_entity AS VARCHAR) AS name FROM incidents
), records AS (
    SELECT time AS since, time + duration_minutes * INTERVAL '1 minute' AS until,
        CAST(incident_type AS VARCHAR) || ' incident, as recorded' AS name
    FROM incident_metrics
    WHERE NOT EXISTS (SELECT 1 FROM incidents)
), told AS (
    SELECT since, until, name FROM truth UNION ALL SELECT since, until, name FROM records
)
SELECT told.since, told.until, name
FROM told
JOIN hours ON told.since < hours.until AND coalesce(told.until, hours.until) > hours.since
ORDER BY 1, 2, 3
