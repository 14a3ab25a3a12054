-- title: Every value has its column's type
-- category: schema
-- severity: critical
-- status: failed
-- needs: server_metrics(wrong_cells)
-- message: {count} rows hold a value of a wrong type, the first in row {file_row}: {wrong_cells}
-- measured: every value has its type
-- advice: Look at the named row of the file; numbers have a point and no unit, times are ISO 8601.
SELECT file_row, wrong_cells FROM server_metrics WHERE wrong_cells IS NOT NULL ORDER BY file_row
