-- title: Costs of an hour, a day and a month are one cost
-- category: consistency
-- severity: high
-- status: failed
-- tables: cost_metrics
-- needs: cost_metrics(resource_name, hourly_cost, daily_cost, monthly_cost, estimated_waste, optimization_potential)
-- parameters: hours_per_month = 730.5, resolution = 0.0001
-- message: {count} rows disagree, the first in row {file_row}, {resource_name}: {problem}
-- measured: a day is 24 hours, a month 730.5, and waste is part of the cost
-- advice: Work out days and months from the hour, with 730.5 hours a month.
-- Two rounded numbers may differ by half a step times the factor between them, and half a step.
SELECT file_row, resource_name,
    CASE WHEN least(hourly_cost, daily_cost, monthly_cost) < 0 THEN 'a cost below zero'
        WHEN abs(daily_cost - 24 * hourly_cost) > $resolution * 13 THEN 'the day is not 24 hours'
        WHEN abs(monthly_cost - $hours_per_month * hourly_cost) > $resolution * ($hours_per_month / 2 + 1)
            THEN 'the month is not 730.5 hours'
        WHEN estimated_waste > daily_cost + $resolution THEN 'more waste than cost'
        ELSE 'more to be had back than wasted' END AS problem
FROM cost_metrics
WHERE least(hourly_cost, daily_cost, monthly_cost, estimated_waste) < 0
    OR abs(daily_cost - 24 * hourly_cost) > $resolution * 13
    OR abs(monthly_cost - $hours_per_month * hourly_cost) > $resolution * ($hours_per_month / 2 + 1)
    OR estimated_waste > daily_cost + $resolution
    OR optimization_potential > estimated_waste + $resolution
ORDER BY file_row
