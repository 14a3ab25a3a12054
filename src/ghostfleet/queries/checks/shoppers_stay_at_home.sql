-- title: A user buys from one place and one address
-- category: consistency
-- severity: medium
-- status: failed
-- tables: transactions
-- needs: transactions(user_id, ip_address, geo_location_country, geo_location_state, geo_location_city)
-- message: {count} users are in several places, the first {user_id}: {first_place} and {last_place}
-- measured: every user buys from one place and one address
-- advice: Make place and address of the user, instead of drawing them for each transaction.
SELECT user_id, min(place) AS first_place, max(place) AS last_place
FROM (
    SELECT user_id, concat_ws(', ', geo_location_city, geo_location_state, geo_location_country, ip_address) AS place
    FROM transactions
)
GROUP BY user_id
HAVING first_place <> last_place
ORDER BY user_id
