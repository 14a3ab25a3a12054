-- title: A user asks from one place and one address
-- category: consistency
-- severity: medium
-- status: failed
-- tables: events
-- needs: events(context_user_id, context_ip_address, context_tags_country, context_tags_city)
-- message: {count} users are in several places, the first {context_user_id}: {first_place} and {last_place}
-- measured: every user asks from one place and one address
-- advice: Make place and address of the user, instead of drawing them for each event.
SELECT context_user_id, min(place) AS first_place, max(place) AS last_place
FROM (
    SELECT context_user_id, concat_ws(', ', context_tags_city, context_tags_country, context_ip_address) AS place
    FROM events
    WHERE context_user_id IS NOT NULL
)
GROUP BY context_user_id
HAVING first_place <> last_place
ORDER BY context_user_id
