-- title: Steps of the data with what the calendar says of them
-- needs: server_metrics(timestamp), expected_data(quarterly_peaks, holiday_effect)
-- optional: expected_holidays(day_s, factor), expected_quarter_ends(month), expected_rush(days_left, factor)
-- The rush is the last days of some months, those with a factor of their own; it wins over holidays. Calm steps are
-- neither rush nor holiday; day_factor is what the scenario makes of the day.
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
), known AS (
    SELECT
        dated.*,
        ends.month IS NOT NULL AND dated.days_left = 0 AS is_quarter_end,
        CASE WHEN quarterly_peaks AND ends.month IS NOT NULL AND rush.factor <> 1 THEN rush.factor END AS rush_factor,
        holidays.day_s IS NOT NULL AS is_holiday,
        coalesce(holidays.factor, 1) AS holiday_factor,
        holiday_effect
    FROM dated
    CROSS JOIN expected_data
    LEFT JOIN expected_quarter_ends AS ends ON ends.month = dated.month
    LEFT JOIN expected_rush AS rush ON rush.days_left = dated.days_left
    LEFT JOIN expected_holidays AS holidays ON holidays.day_s = epoch(dated.day::TIMESTAMP)
)
SELECT
    * EXCLUDE (rush_factor, holiday_effect),
    rush_factor IS NOT NULL AS rush,
    coalesce(rush_factor, CASE WHEN is_holiday AND holiday_effect THEN holiday_factor END, 1) AS day_factor,
    rush_factor IS NULL AND NOT (is_holiday AND holiday_effect) AS calm
FROM known
