-- title: Logins, registrations, payments and orders carry what belongs to them, and nothing else does
-- category: consistency
-- severity: medium
-- status: failed
-- tables: events
-- needs: events(event_id, source_service, source_method, source_endpoint, source_route)
-- needs: events(payload_auth_method, payload_registration_source, payload_payment_method, payload_amount)
-- needs: events(payload_currency, payload_items_count, payload_total_amount)
-- needs: expected_routes(service, method, path, payload)
-- message: {count} events carry what their endpoint does not, or lack what it does, the first in row {file_row}: {source_method} {source_endpoint}
-- measured: payloads are those of their endpoints
-- advice: Write the keys of a payload where the endpoint asks for them, and leave them out otherwise.
SELECT file_row, event_id, source_method, source_endpoint
FROM events
JOIN expected_routes ON service = source_service AND method = source_method AND path = coalesce(source_route, source_endpoint)
WHERE (payload_auth_method IS NOT NULL) <> (payload IS NOT DISTINCT FROM 'login')
    OR (payload_registration_source IS NOT NULL) <> (payload IS NOT DISTINCT FROM 'register')
    OR (payload_payment_method IS NOT NULL) <> (payload IS NOT DISTINCT FROM 'payment')
    OR (payload_amount IS NOT NULL) <> (payload IS NOT DISTINCT FROM 'payment')
    OR (payload_currency IS NOT NULL) <> (payload IS NOT DISTINCT FROM 'payment')
    OR (payload_items_count IS NOT NULL) <> (payload IS NOT DISTINCT FROM 'order')
    OR (payload_total_amount IS NOT NULL) <> (payload IS NOT DISTINCT FROM 'order')
ORDER BY file_row
