-- title: A balancer stands before the part of the world that its clients are from
-- category: consistency
-- severity: low
-- status: failed
-- tables: transactions
-- needs: transactions(transaction_id, load_balancer, geo_location_country, geo_location_state, geo_location_city)
-- needs: expected_balancers(city, country, state, balancer)
-- message: {count} transactions came through a balancer of somewhere else, the first in row {file_row}: {load_balancer}, {geo_location_city}
-- measured: every balancer is one for the client's city
-- advice: Take the balancer from the city.
-- Of cities that nobody knows, another check tells; then any balancer that there is will do.
SELECT file_row, transaction_id, load_balancer, geo_location_city
FROM transactions
WHERE coalesce(load_balancer, '') NOT IN (SELECT balancer FROM expected_balancers)
    OR (geo_location_city, geo_location_country, coalesce(geo_location_state, '')) IN (
        SELECT (city, country, coalesce(state, '')) FROM expected_balancers
    )
    AND (geo_location_city, geo_location_country, coalesce(geo_location_state, ''), coalesce(load_balancer, '')) NOT IN (
        SELECT (city, country, coalesce(state, ''), balancer) FROM expected_balancers
    )
ORDER BY file_row
