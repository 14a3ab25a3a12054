-- title: Steps of the data with what the calendar says of them
-- needs: server_metrics(timestamp), expected_data(quarterly_peaks, holiday_effect)
-- optional: expected_holidays(day_s, factor), expected_quarter_ends(month)
-- Days of the quarter-end rush are the last five of the month; calm steps are neither rush nor holiday.
WITH steps AS (
    SELECT DISTINCT "timestamp" FROM server_metrics WHERE "timestamp" IS NOT NULL
), dated AS (
    SELECT
        "timestamp",
        "timestamp"::DATE AS day,
        last_day("timestamp"::DATE) - "timestamp"::DATE AS days_left,
        year("timestamp") AS year,
        month("timestamp") AS month,
        quarter("timestamp") AS quarter,
        isodow("timestamp") - 1 AS weekday,
        isodow("timestamp") >= 6 AS weekend,
        hour("timestamp") AS hour
    FROM steps
)
SELECT
    dated.*,
    ends.month IS NOT NULL AND days_left = 0 AS is_quarter_end,
    ends.month IS NOT NULL AND days_left < 5 AND quarterly_peaks AS rush,
    holidays.day_s IS NOT NULL AS is_holiday,
    coalesce(holidays.factor, 1) AS holiday_factor,
    NOT (ends.month IS NOT NULL AND days_left < 5 AND quarterly_peaks)
        AND NOT (holidays.day_s IS NOT NULL AND holiday_effect) AS calm
FROM dated
CROSS JOIN expected_data
LEFT JOIN expected_quarter_ends AS ends ON ends.month = dated.month
LEFT JOIN expected_holidays AS holidays ON holidays.day_s = epoch(dated.day::TIMESTAMP)
