-- title: All eight tables of time series are there
-- category: schema
-- severity: low
-- status: warning
-- tables: system_metrics
-- needs: found_tables(table_name, rows)
-- message: {count} of eight tables are missing, the first {missing}
-- measured: all eight tables are there
-- advice: Questions about a missing table answer that there is no data; leave out `--only` to write all tables.
SELECT missing
FROM (VALUES ('business_value_metrics'), ('compliance_metrics'), ('cost_metrics'), ('database_metrics'),
    ('incident_metrics'), ('network_metrics'), ('security_events'), ('system_metrics')) AS tables(missing)
ANTI JOIN found_tables ON found_tables.table_name = missing
ORDER BY missing
