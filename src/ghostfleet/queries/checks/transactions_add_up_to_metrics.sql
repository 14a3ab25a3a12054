-- title: As many transactions are made and fail as the metrics of their service count
-- category: consistency
-- severity: high
-- status: failed
-- tables: transactions, system_metrics
-- needs: transactions(timestamp, status), wholly_told(table_name, service_name, since_s), expected_transaction_services(service)
-- message: {service_name} has {found} {kind} from {since} until {until}, and its metrics count {wanted:.0f}; {count} such rows
-- measured: all {rows:g} rows of metrics count the transactions that there are
-- unjudged: no row of metrics lies wholly within a window of transactions
-- advice: Write transactions and metrics of one scenario; both tell of the same requests.
WITH lengths AS (
    SELECT DISTINCT row_s FROM wholly_told
), found AS (
    SELECT row_s, epoch_ms("timestamp") // (1000 * row_s) * row_s AS since_s, count(*) AS found,
        count(*) FILTER (status = 'error') AS failed
    FROM transactions
    CROSS JOIN lengths
    GROUP BY ALL
), both_ways AS (
    SELECT told.*, coalesce(found, 0) AS found, coalesce(failed, 0) AS failed
    FROM wholly_told AS told
    SEMI JOIN expected_transaction_services ON service = service_name
    LEFT JOIN found USING (row_s, since_s)
    WHERE table_name = 'transactions'
), judged AS (
    SELECT service_name, since, until, 'transactions' AS kind, found, requests AS wanted, found <> requests AS is_other
    FROM both_ways
    UNION ALL
    SELECT service_name, since, until, 'failures', failed, failures, abs(failed - failures) > rounding
    FROM both_ways
)
SELECT service_name, since, until, kind, found, wanted, count(*) OVER () // 2 AS rows,
    CASE WHEN is_other THEN 'failed' ELSE 'passed' END AS status
FROM judged
ORDER BY status, since, service_name, kind DESC
