"""How each database did over a window, the busiest first."""
