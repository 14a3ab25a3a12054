-- title: Rows of services' metrics, and the tables that hold all requests of the time that a row covers
-- needs: system_metrics(time, service_name, request_count, error_rate)
-- needs: stated_windows(table_name, since_s, until_s, row_s, data_set, is_whole, trace_share)
-- Rows of two data sets need not agree, nor those of a part.
-- Rates are rounded to 0.01 % at the coarsest; an agent tells no number of failures.
WITH metrics AS (
    SELECT service_name, epoch(time)::BIGINT AS since_s, sum(request_count) AS requests,
        sum(request_count * coalesce(error_rate, 0) / 100) AS failures, 0.00005 * sum(request_count) + 0.01 AS rounding
    FROM system_metrics
    GROUP BY ALL
), known AS (
    SELECT metrics.*, any_value(row_s) AS row_s, any_value(data_set) AS data_set
    FROM metrics
    JOIN stated_windows AS stated
        ON table_name = 'system_metrics' AND is_whole AND metrics.since_s >= stated.since_s
            AND metrics.since_s < stated.until_s AND metrics.since_s % row_s = 0
    GROUP BY ALL
    HAVING min(row_s) = max(row_s) AND min(data_set) = max(data_set)
)
SELECT DISTINCT stated.table_name, trace_share, known.*, make_timestamp(known.since_s * 1000000) AS since,
    make_timestamp((known.since_s + known.row_s) * 1000000) AS until
FROM known
JOIN stated_windows AS stated
    ON is_whole AND stated.data_set = known.data_set AND known.since_s >= stated.since_s
        AND known.since_s + known.row_s <= stated.until_s
