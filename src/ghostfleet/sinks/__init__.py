"""Somewhere batches can be written: one module per destination, found by listing this folder."""
