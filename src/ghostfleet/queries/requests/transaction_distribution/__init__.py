"""How transactions ended, how long they took, and how many there were hour by hour."""
