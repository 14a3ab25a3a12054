-- title: Every service has as many spans, and failed ones, as its metrics count requests and failures
-- category: consistency
-- severity: high
-- status: failed
-- parameters: errors = 6, least = 10
-- tables: spans, system_metrics
-- needs: spans(trace_id, kind, service_name, start_time, status_code), wholly_told(table_name, service_name, since_s)
-- needs: expected_span_services(service)
-- message: {service_name} has {found} {kind} from {since} until {until}, and its metrics count {wanted:.0f}; {count} such rows
-- measured: all {rows:g} rows of metrics count the spans that there are
-- unjudged: no row of metrics lies wholly within a window of spans
-- advice: Write spans and metrics of one scenario; both tell of the same requests.
-- A request belongs, at every service, to the time at which its trace began. Where a share of the traces is told of, what is
-- told of a service in all may be so many errors of chance away from that share; traces are drawn, with all that they ask for.
WITH lengths AS (
    SELECT DISTINCT row_s FROM wholly_told
), entered AS (
    SELECT trace_id, epoch_ms(min(start_time)) AS entered_ms FROM spans GROUP BY trace_id
), traces AS (
    SELECT service_name, trace_id, any_value(entered_ms) AS entered_ms, count(*) AS found,
        count(*) FILTER (status_code = 'ERROR') AS failed
    FROM spans
    JOIN entered USING (trace_id)
    WHERE kind = 'SERVER'
    GROUP BY service_name, trace_id
), counted AS (
    SELECT service_name, row_s, entered_ms // (1000 * row_s) * row_s AS since_s, sum(found) AS found, sum(failed) AS failed,
        sum(found ** 2) AS squares, sum(failed ** 2) AS failed_squares
    FROM traces
    CROSS JOIN lengths
    GROUP BY ALL
), told AS (
    SELECT service_name, since, until, since_s, trace_share AS share, requests, failures, rounding, coalesce(found, 0) AS found,
        coalesce(failed, 0) AS failed, coalesce(squares, 0) AS squares, coalesce(failed_squares, 0) AS failed_squares
    FROM wholly_told
    SEMI JOIN expected_span_services ON service = service_name
    LEFT JOIN counted USING (service_name, row_s, since_s)
    WHERE table_name = 'spans'
), stretches AS (
    SELECT service_name, share, min(since) AS since, max(until) AS until, sum(requests) AS requests, sum(failures) AS failures,
        sum(rounding) AS rounding, sum(found) AS found, sum(failed) AS failed, sum(squares) AS squares,
        sum(failed_squares) AS failed_squares, count(*) AS rows
    FROM told
    GROUP BY service_name, share, CASE WHEN share = 1 THEN since_s END
), judged AS (
    SELECT *, 'spans' AS kind, share * requests AS wanted, found AS times, 0.5 AS margin, squares AS variance
    FROM stretches
    UNION ALL
    SELECT *, 'failures', share * failures, failed, rounding, failed_squares
    FROM stretches
)
SELECT service_name, since, until, kind, times AS found, wanted, sum(rows) OVER () // 2 AS rows,
    CASE
        WHEN abs(times - wanted) > margin + $errors * sqrt((1 - share) * greatest(variance, wanted, $least)) THEN 'failed'
        ELSE 'passed'
    END AS status
FROM judged
ORDER BY status, since, service_name, kind DESC
