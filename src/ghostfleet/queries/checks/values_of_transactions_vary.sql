-- title: Times, use, people and choices differ from transaction to transaction
-- category: realism
-- severity: high
-- status: failed
-- defect: 5
-- parameters: least = 50, least_of_kind = 20, least_of_gateway = 2000, coarse_ms = 10
-- tables: transactions
-- needs: transactions(response_time_ms, error_code, cpu_usage_percent, memory_usage_percent, thread_pool_active, status, retry_count)
-- needs: transactions(payment_gateway, server_instance, user_id, user_agent, ip_address, amount, product_id, product_category)
-- needs: transactions(database_query_time_ms, upstream_response_time_ms)
-- needs: expected_instances(instance), expected_gateways(gateway, is_called), expected_stores(is_read)
-- message: {times} {kind} have one {column_name}, {value}; {count} such columns or kinds
-- measured: of {looked_at} columns and kinds that were looked at none is of one value
-- unjudged: there are too few transactions
-- advice: Draw each value, and let it depend on its transaction; a constant is a place-holder that was left.
-- Percentages at the end of their range, and times of a few whole milliseconds, may be the same. The least numbers leave chance
-- less than one in 10^9, of gateways where the busiest has less than 98.9 % of all. People keep agent and address, so that of
-- these as many people count.
WITH every AS (
    SELECT unnest([
        {column_name: 'cpu_usage_percent', lowest: min(cpu_usage_percent)::VARCHAR, highest: max(cpu_usage_percent)::VARCHAR, times: count(cpu_usage_percent)},
        {column_name: 'memory_usage_percent', lowest: min(memory_usage_percent)::VARCHAR, highest: max(memory_usage_percent)::VARCHAR, times: count(memory_usage_percent)},
        {column_name: 'thread_pool_active', lowest: min(thread_pool_active)::VARCHAR, highest: max(thread_pool_active)::VARCHAR, times: count(thread_pool_active)},
        {column_name: 'server_instance', lowest: min(server_instance), highest: max(server_instance), times: count(server_instance)},
        {column_name: 'payment_gateway', lowest: min(payment_gateway), highest: max(payment_gateway), times: count(payment_gateway)},
        {column_name: 'amount', lowest: min(amount)::VARCHAR, highest: max(amount)::VARCHAR, times: count(amount)},
        {column_name: 'product_id', lowest: min(product_id), highest: max(product_id), times: count(product_id)},
        {column_name: 'product_category', lowest: min(product_category), highest: max(product_category), times: count(product_category)},
        {column_name: 'user_id', lowest: min(user_id), highest: max(user_id), times: count(user_id)},
        {column_name: 'user_agent', lowest: min(user_agent), highest: max(user_agent), times: count(user_agent)},
        {column_name: 'ip_address', lowest: min(ip_address), highest: max(ip_address), times: count(ip_address)}
    ], recursive := true), count(*) AS rows, count(DISTINCT user_id) AS people
    FROM transactions
), facts AS (
    SELECT column_name, 'transactions' AS kind, lowest AS value, times, lowest = highest AS is_one, $least AS least,
        CASE
            WHEN column_name IN ('cpu_usage_percent', 'memory_usage_percent', 'thread_pool_active') THEN lowest <> '100'
            WHEN column_name = 'server_instance' THEN (SELECT count(*) > 1 FROM expected_instances)
            WHEN column_name = 'payment_gateway'
                THEN rows >= $least_of_gateway AND (SELECT count(*) > 1 AND bool_and(is_called) FROM expected_gateways)
            WHEN column_name IN ('user_agent', 'ip_address') THEN people >= $least
            ELSE true
        END AS judged
    FROM every
    UNION ALL
    SELECT 'response_time_ms', coalesce(error_code, 'successes'), min(response_time_ms)::VARCHAR, count(response_time_ms),
        min(response_time_ms) = max(response_time_ms), $least_of_kind, min(response_time_ms) >= $coarse_ms
    FROM transactions
    GROUP BY error_code
    UNION ALL
    SELECT 'database_query_time_ms', 'successes', min(database_query_time_ms)::VARCHAR, count(database_query_time_ms),
        min(database_query_time_ms) = max(database_query_time_ms), $least, (SELECT bool_and(is_read) FROM expected_stores)
    FROM transactions
    WHERE status = 'success'
    UNION ALL
    SELECT 'upstream_response_time_ms', 'successes', min(upstream_response_time_ms)::VARCHAR, count(upstream_response_time_ms),
        min(upstream_response_time_ms) = max(upstream_response_time_ms), $least, min(upstream_response_time_ms) >= $coarse_ms
    FROM transactions
    WHERE status = 'success'
    UNION ALL
    SELECT 'retry_count', 'failures', min(retry_count)::VARCHAR, count(retry_count), min(retry_count) = max(retry_count),
        $least_of_kind, true
    FROM transactions
    WHERE status = 'error'
)
SELECT column_name, kind, value, times, count(*) OVER () AS looked_at, CASE WHEN is_one THEN 'failed' ELSE 'passed' END AS status
FROM facts
WHERE times >= least AND judged
ORDER BY status, column_name, kind
