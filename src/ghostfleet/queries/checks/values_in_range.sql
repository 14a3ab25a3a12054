-- title: Every number is within its documented range
-- category: validity
-- severity: high
-- status: failed
-- needs: values_outside
-- message: {count} values are out of range, the first in row {file_row}: {column_name} = {value:g}, valid is {low:g} to {high:g}
-- measured: every value is within its range
-- advice: Check units: percentages run to 100, of servers inbound traffic to 1000 Mbps and outbound to 600.
SELECT table_name, file_row, column_name, value, low, high FROM values_outside ORDER BY table_name, file_row, column_name
