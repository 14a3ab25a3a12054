-- title: What happened and who did it: security events and changes
-- needs: security_events(time TIMESTAMPTZ, event_id, event_type, severity, resource_id, resource_type, region, description)
-- needs: security_events(source)
-- needs: changes(time TIMESTAMPTZ, change_id, change_type, entity, entity_type, region, actor, description)
-- order: time, event_id
-- stores: duckdb, timescaledb
SELECT time, event_id, 'security' AS event_group, event_type, severity, resource_id AS entity, resource_type AS entity_type,
    region, source AS actor, description
FROM security_events
UNION ALL
SELECT time, change_id AS event_id, 'change' AS event_group, change_type AS event_type, CAST(NULL AS VARCHAR) AS severity,
    entity, entity_type, region, actor, description
FROM changes
