-- title: Steps of metrics, and the tables of requests that hold all of their time
-- needs: stated_windows(table_name, since_s, until_s, row_s, data_set, is_whole, trace_share)
-- optional: system_metrics(time TIMESTAMPTZ), network_metrics(time TIMESTAMPTZ)
-- Rows of two data sets need not agree, nor those of a part.
WITH steps AS (
    SELECT DISTINCT 'system_metrics' AS metrics, epoch(time)::BIGINT AS since_s FROM system_metrics
    UNION ALL
    SELECT DISTINCT 'network_metrics', epoch(time)::BIGINT FROM network_metrics
), known AS (
    SELECT metrics, steps.since_s, any_value(row_s) AS row_s, any_value(data_set) AS data_set
    FROM steps
    JOIN stated_windows AS stated
        ON table_name = metrics AND is_whole AND steps.since_s >= stated.since_s AND steps.since_s < stated.until_s
            AND steps.since_s % row_s = 0
    GROUP BY metrics, steps.since_s
    HAVING min(row_s) = max(row_s) AND min(data_set) = max(data_set)
)
SELECT DISTINCT metrics, stated.table_name, trace_share, known.since_s, known.row_s,
    make_timestamp(known.since_s * 1000000) AS since, make_timestamp((known.since_s + known.row_s) * 1000000) AS until
FROM known
JOIN stated_windows AS stated
    ON is_whole AND stated.data_set = known.data_set AND known.since_s >= stated.since_s
        AND known.since_s + known.row_s <= stated.until_s
