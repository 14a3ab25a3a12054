-- title: City, country and region of an event belong together
-- category: consistency
-- severity: medium
-- status: failed
-- tables: events
-- needs: events(event_id, context_tags_country, context_tags_city, context_tags_region)
-- needs: expected_places(country, city, region)
-- message: {count} events are from nowhere, the first in row {file_row}: {context_tags_city}, {context_tags_country}, {context_tags_region}
-- measured: every city lies in its country and region
-- advice: Draw the city, and take its country and its region from it.
SELECT file_row, event_id, context_tags_city, context_tags_country, context_tags_region
FROM events
WHERE NOT EXISTS (
    FROM expected_places
    WHERE city = context_tags_city AND country = context_tags_country AND region = context_tags_region
)
ORDER BY file_row
