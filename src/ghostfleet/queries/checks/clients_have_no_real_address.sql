-- title: Addresses of clients are from 198.18.0.0/15, which belongs to nobody
-- category: validity
-- severity: medium
-- status: failed
-- tables: events
-- needs: events(event_id, context_ip_address)
-- message: {count} events have another address, the first in row {file_row}, {event_id}: {context_ip_address}
-- measured: every address is from 198.18.0.0/15
-- advice: Take addresses from a network for tests; a real one belongs to somebody.
SELECT file_row, event_id, context_ip_address
FROM events
WHERE NOT regexp_full_match(context_ip_address, '198[.]1[89]([.]([1-9]?[0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])){2}')
ORDER BY file_row
