"""Incidents of a window: by type, severity and status, how long they took, what caused them."""
