-- title: No hour is silent between busy ones
-- category: completeness
-- severity: medium
-- status: warning
-- tables: events
-- needs: events(timestamp)
-- optional: stated_windows(table_name, since_s, until_s)
-- parameters: busy = 50, longest_hours = 3
-- message: {count} times nothing happened for a while, the first from {since} until {until}; {before} events in the hour before, {after} in the hour behind
-- measured: no hour is silent between busy ones
-- advice: Generate the missing hours again; between busy hours, events come in every hour.
-- Longer silence may be that of closed markets. What lies between the windows of two runs was not asked for.
WITH hours AS (
    SELECT epoch("timestamp")::BIGINT // 3600 AS hour, count(*) AS times
    FROM events
    WHERE "timestamp" IS NOT NULL
    GROUP BY ALL
), steps AS (
    SELECT hour, times, lead(hour) OVER ordered AS next_hour, lead(times) OVER ordered AS next_times
    FROM hours
    WINDOW ordered AS (ORDER BY hour)
)
SELECT make_timestamp((hour + 1) * 3600000000) AS since, make_timestamp(next_hour * 3600000000) AS until,
    times AS before, next_times AS after
FROM steps
WHERE next_hour - hour BETWEEN 2 AND 1 + $longest_hours
    AND least(times, next_times) >= $busy
    AND (
        NOT EXISTS (FROM stated_windows WHERE table_name = 'events')
        OR EXISTS (
            FROM stated_windows
            WHERE table_name = 'events' AND since_s <= (hour + 1) * 3600 AND until_s >= next_hour * 3600
        )
    )
ORDER BY since
