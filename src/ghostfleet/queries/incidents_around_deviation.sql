-- title: What truth or records say of the services that deviated most, in the hours around it
-- columns: since, until, name
-- needs: largest_deviation
-- optional: incidents(incident_id, kind, root_entity, start TIMESTAMPTZ, end TIMESTAMPTZ), impact(incident_id, entity)
-- optional: incident_metrics(time TIMESTAMPTZ, incident_id, affected_services VARCHAR[], root_cause_description)
-- optional: incident_metrics(duration_minutes DOUBLE)
-- Truth goes before records, of which the last row of an incident knows most.
WITH hours AS (
    SELECT DISTINCT since, until FROM largest_deviation
), told AS (
    SELECT "start" AS since, "end" AS until,
        replace(CAST(kind AS VARCHAR), '_', ' ') || ' at ' || CAST(root_entity AS VARCHAR) AS name
    FROM incidents
    WHERE CAST(root_entity AS VARCHAR) IN (SELECT service_name FROM largest_deviation)
        OR incident_id IN (
            SELECT incident_id FROM impact WHERE CAST(entity AS VARCHAR) IN (SELECT service_name FROM largest_deviation)
        )
    UNION ALL
    SELECT time - duration_minutes * INTERVAL '1 minute', time,
        coalesce(CAST(root_cause_description AS VARCHAR), 'incident of unknown cause')
    FROM (
        SELECT DISTINCT ON (incident_id) time, duration_minutes, affected_services, root_cause_description
        FROM incident_metrics
        ORDER BY incident_id, time DESC
    ) AS last
    WHERE NOT EXISTS (SELECT 1 FROM incidents)
        AND EXISTS (SELECT 1 FROM largest_deviation WHERE service_name = ANY(affected_services))
)
SELECT told.since, told.until, name
FROM told
JOIN hours ON told.since < hours.until AND told.until > hours.since
ORDER BY 1, 2, 3
