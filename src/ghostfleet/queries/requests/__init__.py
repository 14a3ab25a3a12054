"""Questions about single requests: transactions of a shop (COM-14), and events of its services (EVT-27)."""
