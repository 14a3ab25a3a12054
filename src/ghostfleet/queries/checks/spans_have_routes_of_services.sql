-- title: A span's route is one of its service, and its name says so
-- category: consistency
-- severity: medium
-- status: failed
-- tables: spans
-- needs: spans(span_id, kind, service_name, name, http_request_method, http_route), expected_span_routes(service, method, path)
-- message: {count} spans have a route that is none of their service, the first in row {file_row}, {span_id} of {service_name}: {asked}, {method} {route}
-- measured: every route is one of its service, and names of spans say which
-- advice: Draw the route, and take service, method, path and name from it.
-- Who knows no routes of a service says what it does in other words.
SELECT file_row, span_id, service_name, name AS asked, http_request_method AS method, coalesce(http_route, 'no route') AS route
FROM spans
LEFT JOIN expected_span_routes
    ON service = service_name AND method = http_request_method AND path = http_route
WHERE kind = 'SERVER'
    AND CASE WHEN http_route IS NULL THEN contains(name, '/') ELSE service IS NULL OR name <> concat(method, ' ', path) END
ORDER BY file_row
