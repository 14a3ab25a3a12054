-- title: Graph and metrics know the same databases
-- category: consistency
-- severity: high
-- status: failed
-- tables: RDSInstance, database_metrics
-- needs: RDSInstance(name), database_metrics(db_identifier), shared_names(kind, percent)
-- parameters: least_percent = 80, warned_percent = 60
-- message: {common} of {most} databases are in graph and metrics, {percent:.0f} %; {strange} is in one of them alone
-- measured: {common} of {most} databases are in both, {percent:.0f} %
-- advice: Write graph and metrics of one scenario; a database has one name everywhere.
SELECT common, most, percent, strange,
    CASE WHEN percent >= $least_percent THEN 'passed' WHEN percent >= $warned_percent THEN 'warning' ELSE 'failed' END AS status
FROM shared_names
WHERE kind = 'database'
