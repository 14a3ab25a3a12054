-- title: Timestamps say that they are UTC
-- category: schema
-- severity: low
-- status: warning
-- defect: 19
-- needs: declared_columns
-- message: {column_name} has no zone; UTC was assumed
-- measured: times state their zone
-- advice: Write times with a Z or +00:00, or in a column type with a zone.
SELECT table_name, column_name FROM declared_columns WHERE kind = 'time' AND present AND zone_stated = false
