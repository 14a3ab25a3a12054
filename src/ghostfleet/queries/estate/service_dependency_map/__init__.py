"""Which services depend on which, and what hangs on each of them; the one with most impact first."""
