"""How each service did over a window, those in worst health first, at most a hundred."""
