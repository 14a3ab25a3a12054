"""Rows as Arrow tables, for the sinks that need them; pyarrow is imported by the modules in here alone."""
