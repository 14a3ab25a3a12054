-- title: Times, clients and environments differ from event to event
-- category: realism
-- severity: high
-- status: failed
-- defect: 7
-- parameters: least = 100, least_of_kind = 20, least_people = 50
-- tables: events
-- needs: events(metrics_response_time_ms, metrics_status_code, source_environment, context_user_agent)
-- needs: events(context_tags_device_type, context_ip_address)
-- message: {times} {kind} have one {column_name}, {value}; {count} such columns or kinds
-- measured: no column is of one value, and no status always takes the same time
-- unjudged: there are too few events
-- advice: Draw each value, and let it depend on its request; a constant is a place-holder that was left.
-- People keep their device, so that of devices as many addresses count.
WITH facts AS (
    SELECT unnest([
        {column_name: 'source_environment', value: min(source_environment), times: count(source_environment),
            is_one: min(source_environment) = max(source_environment)},
        {column_name: 'context_user_agent', value: min(context_user_agent),
            times: if(count(DISTINCT context_ip_address) < $least_people, 0, count(context_user_agent)),
            is_one: min(context_user_agent) = max(context_user_agent)},
        {column_name: 'context_tags_device_type', value: min(context_tags_device_type),
            times: if(count(DISTINCT context_ip_address) < $least_people, 0, count(context_tags_device_type)),
            is_one: min(context_tags_device_type) = max(context_tags_device_type)}
    ], recursive := true), 'events' AS kind
    FROM events
    UNION ALL
    SELECT 'metrics_response_time_ms', min(metrics_response_time_ms)::VARCHAR, count(metrics_response_time_ms),
        min(metrics_response_time_ms) = max(metrics_response_time_ms),
        'answers with ' || metrics_status_code
    FROM events
    GROUP BY metrics_status_code
    UNION ALL
    SELECT 'metrics_response_time_ms', min(metrics_response_time_ms)::VARCHAR, count(metrics_response_time_ms),
        min(metrics_response_time_ms) = max(metrics_response_time_ms), 'errors'
    FROM events
    WHERE metrics_status_code >= 400
)
SELECT column_name, kind, value, times, CASE WHEN is_one THEN 'failed' ELSE 'passed' END AS status
FROM facts
WHERE times >= CASE WHEN column_name = 'metrics_response_time_ms' THEN $least_of_kind ELSE $least END
ORDER BY status, column_name, kind
