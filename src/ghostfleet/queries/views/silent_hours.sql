-- title: Whole hours in which nothing happened, and how much did in the hour before and in the hour behind them
-- optional: events(timestamp TIMESTAMPTZ), transactions(timestamp TIMESTAMPTZ), stated_windows(table_name, since_s, until_s)
-- What lies between the windows of two runs was not asked for.
WITH hours AS (
    SELECT 'events' AS table_name, epoch("timestamp")::BIGINT // 3600 AS hour, count(*) AS times
    FROM events
    WHERE "timestamp" IS NOT NULL
    GROUP BY ALL
    UNION ALL
    SELECT 'transactions', epoch("timestamp")::BIGINT // 3600, count(*)
    FROM transactions
    WHERE "timestamp" IS NOT NULL
    GROUP BY ALL
), steps AS (
    SELECT *, lead(hour) OVER ordered AS next_hour, lead(times) OVER ordered AS next_times
    FROM hours
    WINDOW ordered AS (PARTITION BY table_name ORDER BY hour)
)
SELECT table_name, make_timestamp((hour + 1) * 3600000000) AS since, make_timestamp(next_hour * 3600000000) AS until,
    next_hour - hour - 1 AS hours, times AS before, next_times AS after
FROM steps
WHERE next_hour - hour > 1
    AND (
        NOT EXISTS (FROM stated_windows WHERE stated_windows.table_name = steps.table_name)
        OR EXISTS (
            FROM stated_windows
            WHERE stated_windows.table_name = steps.table_name
                AND since_s <= (hour + 1) * 3600 AND until_s >= next_hour * 3600
        )
    )
