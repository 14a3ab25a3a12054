-- title: Why residuals cannot be judged where many values are misread on purpose
-- needs: expected_data(outlier_ratio)
SELECT round(100 * outlier_ratio, 1) || ' % of the values are misread on purpose, which hides correlations' AS reason
FROM expected_data
WHERE outlier_ratio > 0.02
