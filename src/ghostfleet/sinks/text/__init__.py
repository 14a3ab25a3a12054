"""Rows as text: a columnar renderer for CSV and JSON that makes no Python object per row."""
