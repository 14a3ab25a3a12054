"""One service in steps of five minutes, and where each of its metrics is heading."""
