"""Which entities a scenario's estate has: scenario in, columns of entities out, pure."""
