-- title: Times, use and choices differ from transaction to transaction
-- category: realism
-- severity: high
-- status: failed
-- defect: 5
-- parameters: least = 50, least_of_kind = 20, least_of_gateway = 2000, coarse_ms = 10
-- tables: transactions
-- needs: transactions(response_time_ms, error_code, cpu_usage_percent, memory_usage_percent, thread_pool_active)
-- needs: transactions(payment_gateway, server_instance), expected_instances(instance), expected_gateways(gateway, is_called)
-- message: {times} {kind} have one {column_name}, {value}; {count} such columns or kinds
-- measured: no column is of one value, and no kind of failure always takes the same time
-- unjudged: there are too few transactions
-- advice: Draw each value, and let it depend on its transaction; a constant is a place-holder that was left.
-- Percentages at the end of their range, and times of a few whole milliseconds, may be the same. The least numbers leave chance
-- less than one in 10^9, of gateways where the busiest has less than 98.9 % of all.
WITH facts AS (
    SELECT unnest([
        {column_name: 'cpu_usage_percent', value: min(cpu_usage_percent)::VARCHAR, times: count(cpu_usage_percent),
            judged: min(cpu_usage_percent) BETWEEN 1 AND 99, is_one: min(cpu_usage_percent) = max(cpu_usage_percent)},
        {column_name: 'memory_usage_percent', value: min(memory_usage_percent)::VARCHAR, times: count(memory_usage_percent),
            judged: min(memory_usage_percent) BETWEEN 1 AND 99, is_one: min(memory_usage_percent) = max(memory_usage_percent)},
        {column_name: 'thread_pool_active', value: min(thread_pool_active)::VARCHAR, times: count(thread_pool_active),
            judged: min(thread_pool_active) BETWEEN 1 AND 99, is_one: min(thread_pool_active) = max(thread_pool_active)},
        {column_name: 'server_instance', value: min(server_instance), times: count(server_instance),
            judged: (SELECT count(*) > 1 FROM expected_instances), is_one: min(server_instance) = max(server_instance)},
        {column_name: 'payment_gateway', value: min(payment_gateway), times: count(payment_gateway),
            judged: count(*) >= $least_of_gateway AND (SELECT count(*) > 1 AND bool_and(is_called) FROM expected_gateways),
            is_one: min(payment_gateway) = max(payment_gateway)}
    ], recursive := true), 'transactions' AS kind
    FROM transactions
    UNION ALL
    SELECT 'response_time_ms', min(response_time_ms)::VARCHAR, count(response_time_ms), min(response_time_ms) >= $coarse_ms,
        min(response_time_ms) = max(response_time_ms), coalesce(error_code, 'successes')
    FROM transactions
    GROUP BY error_code
)
SELECT column_name, kind, value, times, CASE WHEN is_one AND judged THEN 'failed' ELSE 'passed' END AS status
FROM facts
WHERE times >= CASE WHEN column_name = 'response_time_ms' THEN $least_of_kind ELSE $least END
ORDER BY status, column_name, kind
