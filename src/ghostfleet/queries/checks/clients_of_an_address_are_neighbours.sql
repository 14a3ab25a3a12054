-- title: Whoever asks from one address is in one city
-- category: consistency
-- severity: medium
-- status: failed
-- tables: events
-- needs: events(event_type, context_ip_address, context_tags_country, context_tags_city)
-- message: {count} addresses are in several cities, the first {address}: {first_place} and {last_place}
-- measured: every address is in one city
-- advice: Take the address from those of the client's city.
SELECT context_ip_address AS address, min(place) AS first_place, max(place) AS last_place
FROM (
    SELECT context_ip_address, concat_ws(', ', context_tags_city, context_tags_country) AS place
    FROM events
    WHERE event_type = 'api_call' AND context_ip_address IS NOT NULL
)
GROUP BY context_ip_address
HAVING first_place <> last_place
ORDER BY context_ip_address
