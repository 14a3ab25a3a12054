-- title: Every service has a version that was out in the window
-- category: consistency
-- severity: low
-- status: failed
-- tables: events
-- needs: events(event_id, source_service, source_version), expected_versions(service, version)
-- message: {count} events are of another version, the first in row {file_row}: {source_service} {source_version}, expected such as {wanted}
-- measured: every version is that of its service
-- advice: Take the version from the service.
SELECT file_row, event_id, source_service, source_version, wanted
FROM events
JOIN (SELECT service, list(version) AS versions, min(version) AS wanted FROM expected_versions GROUP BY service)
  ON service = source_service
WHERE source_version IS NULL OR NOT list_contains(versions, source_version)
ORDER BY file_row
