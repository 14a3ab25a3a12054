-- title: An endpoint is one of the service that was asked, and takes the method
-- category: consistency
-- severity: high
-- status: failed
-- defect: 5
-- tables: events
-- needs: events(event_id, source_service, source_method, source_endpoint, source_route)
-- needs: expected_routes(service, method, path, pattern, has_number)
-- message: {count} endpoints are none of their service, the first in row {file_row}: {source_service}, {source_method} {source_endpoint}
-- measured: every service has the endpoint, for that method, with a number where its route has one
-- advice: Draw the route, and take service, method and path from it; put a number in the place of {id}.
SELECT file_row, event_id, source_service, source_method, source_endpoint, source_route
FROM events
WHERE NOT EXISTS (
    FROM expected_routes
    WHERE service = source_service AND method = source_method
        AND CASE WHEN has_number THEN source_route = path AND regexp_full_match(source_endpoint, pattern)
            ELSE source_route IS NULL AND source_endpoint = path END
)
ORDER BY file_row
