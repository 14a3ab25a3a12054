"""How long calls between services took over a window, the slowest connection first, and as a matrix."""
