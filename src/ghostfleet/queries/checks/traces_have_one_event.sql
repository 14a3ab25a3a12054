-- title: A trace is of one event, and gives its digits to the request
-- category: consistency
-- severity: high
-- status: failed
-- tables: events
-- needs: events(event_id, context_request_id, payload_trace_id)
-- message: {count} traces and requests are wrong, the first {payload_trace_id}: {problem}
-- measured: every event has a trace and a request of its own
-- advice: Make both ids of the request once, and never again.
SELECT payload_trace_id, concat('of ', min(event_id), ' and ', max(event_id)) AS problem
FROM events
WHERE payload_trace_id IS NOT NULL
GROUP BY payload_trace_id
HAVING min(event_id) <> max(event_id)
UNION ALL
SELECT payload_trace_id, concat('its request is ', context_request_id)
FROM events
WHERE context_request_id <> concat('req_', payload_trace_id)
ORDER BY ALL
