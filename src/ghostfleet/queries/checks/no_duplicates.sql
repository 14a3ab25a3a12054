-- title: No row stands twice
-- category: consistency
-- severity: high
-- status: failed
-- defect: 11
-- needs: doubled_rows
-- message: {count} rows are doubled, the first {key}, again in row {file_row} ({times} times in all)
-- measured: no row is doubled
-- advice: Keep one row per key, such as server and step; the usual cause is a file that was appended twice.
SELECT table_name, key, times, file_row FROM doubled_rows ORDER BY table_name, file_row
