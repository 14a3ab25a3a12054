-- title: There are as many spans of calls, and failed ones, as the metrics between services count
-- category: consistency
-- severity: high
-- status: failed
-- tables: spans, network_metrics
-- needs: spans(trace_id, span_id, parent_span_id, kind, service_name, server_address, start_time, status_code)
-- needs: network_metrics(time, source_service, target_service, request_count, error_count), whole_steps(metrics, since_s)
-- needs: expected_span_services(service)
-- message: {source_service} calls {target_service} {found} times from {since} until {until}, {failed} of them fail, and metrics count {wanted} and {failures}; {count} such rows
-- measured: all {rows} rows of metrics count the calls that there are
-- unjudged: no row of metrics lies wholly within a window of which all traces are told
-- advice: Write spans and metrics of one scenario; both tell of the same calls.
-- A call belongs to the time at which its trace began. Services tell of it where it arrives, of stores and partners who calls.
WITH lengths AS (
    SELECT DISTINCT row_s FROM whole_steps
), entered AS (
    SELECT trace_id, epoch_ms(min(start_time)) AS entered_ms FROM spans GROUP BY trace_id
), calls AS (
    SELECT caller.service_name AS source_service, callee.service_name AS target_service, callee.trace_id, callee.status_code
    FROM spans AS callee
    JOIN spans AS caller ON caller.span_id = callee.parent_span_id
    WHERE callee.kind = 'SERVER'
    UNION ALL
    SELECT service_name, server_address, trace_id, status_code FROM spans WHERE kind = 'CLIENT'
), counted AS (
    SELECT source_service, target_service, row_s, entered_ms // (1000 * row_s) * row_s AS since_s, count(*) AS found,
        count(*) FILTER (status_code = 'ERROR') AS failed
    FROM calls
    JOIN entered USING (trace_id)
    CROSS JOIN lengths
    GROUP BY ALL
), metrics AS (
    SELECT source_service, target_service, epoch(time)::BIGINT AS since_s, sum(request_count) AS wanted,
        sum(error_count) AS failures
    FROM network_metrics
    GROUP BY ALL
), judged AS (
    SELECT source_service, target_service, since, until, wanted, failures, coalesce(found, 0) AS found,
        coalesce(failed, 0) AS failed
    FROM metrics
    SEMI JOIN expected_span_services ON service = source_service
    JOIN whole_steps USING (since_s)
    LEFT JOIN counted USING (source_service, target_service, row_s, since_s)
    WHERE metrics = 'network_metrics' AND table_name = 'spans' AND trace_share = 1
)
SELECT *, count(*) OVER () AS rows, CASE WHEN found <> wanted OR failed <> failures THEN 'failed' ELSE 'passed' END AS status
FROM judged
ORDER BY status, since, source_service, target_service
