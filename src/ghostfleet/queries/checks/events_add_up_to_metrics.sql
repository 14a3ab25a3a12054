-- title: As many events happen and fail as the metrics of services count that only clients ask
-- category: consistency
-- severity: high
-- status: failed
-- tables: events, system_metrics
-- needs: events(timestamp, event_type, source_service, metrics_status_code)
-- needs: wholly_told(table_name, service_name, since_s), expected_event_services(service)
-- message: {service_name} has {found} {kind} from {since} until {until}, and its metrics count {wanted:.0f}; {count} such rows
-- measured: all {rows:g} rows of metrics count the events that there are
-- unjudged: no row of metrics of a service that only clients ask lies wholly within a window of events
-- advice: Write events and metrics of one scenario; both tell of the same requests.
WITH lengths AS (
    SELECT DISTINCT row_s FROM wholly_told
), found AS (
    SELECT source_service AS service_name, row_s, epoch_ms("timestamp") // (1000 * row_s) * row_s AS since_s,
        count(*) AS found, count(*) FILTER (metrics_status_code >= 500) AS failed
    FROM events
    CROSS JOIN lengths
    WHERE event_type = 'api_call'
    GROUP BY ALL
), both_ways AS (
    SELECT told.*, coalesce(found, 0) AS found, coalesce(failed, 0) AS failed
    FROM wholly_told AS told
    SEMI JOIN expected_event_services ON service = service_name
    LEFT JOIN found USING (service_name, row_s, since_s)
    WHERE table_name = 'events'
), judged AS (
    SELECT service_name, since, until, 'events' AS kind, found, requests AS wanted, found <> requests AS is_other
    FROM both_ways
    UNION ALL
    SELECT service_name, since, until, 'failures', failed, failures, abs(failed - failures) > rounding
    FROM both_ways
)
SELECT service_name, since, until, kind, found, wanted, count(*) OVER () // 2 AS rows,
    CASE WHEN is_other THEN 'failed' ELSE 'passed' END AS status
FROM judged
ORDER BY status, since, service_name, kind
