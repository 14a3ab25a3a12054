"""Rows of files that exist already, on their way to sinks: read, recognised, checked line by line, loaded."""
