"""Each cluster with the services on it, and what these depend on; the dearest cluster first."""
