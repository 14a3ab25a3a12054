-- title: Why days cannot be compared with those around them where load multiplies within months
-- needs: expected_archetypes(growth_percent_per_month)
SELECT 'load changes by ' || max(abs(growth_percent_per_month)) || ' % a month, which hides what single days do' AS reason
FROM expected_archetypes
HAVING max(abs(growth_percent_per_month)) > 10
