-- title: Whoever buys from one address is in one city
-- category: consistency
-- severity: medium
-- status: failed
-- tables: transactions
-- needs: transactions(ip_address, geo_location_country, geo_location_state, geo_location_city)
-- message: {count} addresses are in several cities, the first {address}: {first_place} and {last_place}
-- measured: every address is in one city
-- advice: Take the address from those of the shopper's city.
SELECT ip_address AS address, min(place) AS first_place, max(place) AS last_place
FROM (
    SELECT ip_address, concat_ws(', ', geo_location_city, geo_location_state, geo_location_country) AS place
    FROM transactions
    WHERE ip_address IS NOT NULL
)
GROUP BY ip_address
HAVING first_place <> last_place
ORDER BY ip_address
