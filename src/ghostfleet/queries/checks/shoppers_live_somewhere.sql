-- title: City, state and country of a transaction belong together
-- category: consistency
-- severity: medium
-- status: failed
-- tables: transactions
-- needs: transactions(transaction_id, geo_location_country, geo_location_state, geo_location_city)
-- needs: expected_places(country, state, city)
-- message: {count} transactions are from nowhere, the first in row {file_row}: {geo_location_city}, {geo_location_state}, {geo_location_country}
-- measured: every city lies in its state and country
-- advice: Draw the city, and take its state and its country from it.
SELECT file_row, transaction_id, geo_location_city, geo_location_state, geo_location_country
FROM transactions
WHERE NOT EXISTS (
    FROM expected_places
    WHERE city = geo_location_city AND country = geo_location_country AND state IS NOT DISTINCT FROM geo_location_state
)
ORDER BY file_row
