-- title: Times, sizes, clients, environments and what is carried differ from event to event
-- category: realism
-- severity: high
-- status: failed
-- defect: 7
-- parameters: least = 100, least_of_kind = 20, least_people = 50, first_error = 400
-- tables: events
-- needs: events(metrics_response_time_ms, metrics_status_code, source_environment, context_user_agent)
-- needs: events(context_tags_device_type, context_ip_address, context_user_id, event_type)
-- needs: events(metrics_request_size_bytes, metrics_response_size_bytes, source_endpoint, payload_auth_method, payload_registration_source)
-- needs: events(payload_payment_method, payload_amount, payload_items_count, payload_total_amount)
-- message: {times} {kind} have one {column_name}, {value}; {count} such columns or kinds
-- measured: of {looked_at} columns and kinds that were looked at none is of one value
-- unjudged: there are too few events
-- advice: Draw each value, and let it depend on its request; a constant is a place-holder that was left.
-- People keep their device and address, so that of these as many people count. What somebody else made has values of its own.
WITH made AS (
    FROM events WHERE event_type = 'api_call'
), every AS (
    SELECT unnest([
        {column_name: 'source_environment', lowest: min(source_environment), highest: max(source_environment), times: count(source_environment)},
        {column_name: 'source_endpoint', lowest: min(source_endpoint), highest: max(source_endpoint), times: count(source_endpoint)},
        {column_name: 'metrics_request_size_bytes', lowest: min(metrics_request_size_bytes)::VARCHAR, highest: max(metrics_request_size_bytes)::VARCHAR, times: count(metrics_request_size_bytes)},
        {column_name: 'context_user_agent', lowest: min(context_user_agent), highest: max(context_user_agent), times: count(context_user_agent)},
        {column_name: 'context_tags_device_type', lowest: min(context_tags_device_type), highest: max(context_tags_device_type), times: count(context_tags_device_type)},
        {column_name: 'context_ip_address', lowest: min(context_ip_address), highest: max(context_ip_address), times: count(context_ip_address)},
        {column_name: 'payload_auth_method', lowest: min(payload_auth_method), highest: max(payload_auth_method), times: count(payload_auth_method)},
        {column_name: 'payload_registration_source', lowest: min(payload_registration_source), highest: max(payload_registration_source), times: count(payload_registration_source)},
        {column_name: 'payload_payment_method', lowest: min(payload_payment_method), highest: max(payload_payment_method), times: count(payload_payment_method)},
        {column_name: 'payload_amount', lowest: min(payload_amount)::VARCHAR, highest: max(payload_amount)::VARCHAR, times: count(payload_amount)},
        {column_name: 'payload_items_count', lowest: min(payload_items_count)::VARCHAR, highest: max(payload_items_count)::VARCHAR, times: count(payload_items_count)},
        {column_name: 'payload_total_amount', lowest: min(payload_total_amount)::VARCHAR, highest: max(payload_total_amount)::VARCHAR, times: count(payload_total_amount)}
    ], recursive := true), count(DISTINCT context_ip_address) AS addresses, count(DISTINCT context_user_id) AS people
    FROM made
), facts AS (
    SELECT column_name, 'events' AS kind, lowest AS value, times, lowest = highest AS is_one,
        CASE WHEN column_name LIKE 'payload_%' THEN $least_of_kind ELSE $least END AS least,
        CASE column_name
            WHEN 'context_ip_address' THEN people >= $least_people
            WHEN 'context_user_agent' THEN addresses >= $least_people
            WHEN 'context_tags_device_type' THEN addresses >= $least_people
            ELSE true
        END AS judged
    FROM every
    UNION ALL
    SELECT 'metrics_response_time_ms', 'answers with ' || metrics_status_code, min(metrics_response_time_ms)::VARCHAR,
        count(metrics_response_time_ms), min(metrics_response_time_ms) = max(metrics_response_time_ms), $least_of_kind, true
    FROM made
    GROUP BY metrics_status_code
    UNION ALL
    SELECT 'metrics_response_time_ms', 'errors', min(metrics_response_time_ms)::VARCHAR, count(metrics_response_time_ms),
        min(metrics_response_time_ms) = max(metrics_response_time_ms), $least_of_kind, true
    FROM made
    WHERE metrics_status_code >= $first_error
    UNION ALL
    SELECT 'metrics_response_size_bytes', if(metrics_status_code >= $first_error, 'errors', 'answers'),
        min(metrics_response_size_bytes)::VARCHAR, count(metrics_response_size_bytes),
        min(metrics_response_size_bytes) = max(metrics_response_size_bytes), $least_of_kind, true
    FROM made
    WHERE metrics_response_size_bytes > 0
    GROUP BY ALL
)
SELECT column_name, kind, value, times, count(*) OVER () AS looked_at, CASE WHEN is_one THEN 'failed' ELSE 'passed' END AS status
FROM facts
WHERE times >= least AND judged
ORDER BY status, column_name, kind
