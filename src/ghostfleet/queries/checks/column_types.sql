-- title: Every value has its column's type
-- category: schema
-- severity: critical
-- status: failed
-- needs: wrong_values
-- message: {count} rows hold a value of a wrong type, the first in row {file_row}: {wrong_cells}
-- measured: every value has its type
-- advice: Look at the named row of the file; numbers have a point and no unit, times are ISO 8601.
SELECT table_name, file_row, wrong_cells FROM wrong_values ORDER BY table_name, file_row
