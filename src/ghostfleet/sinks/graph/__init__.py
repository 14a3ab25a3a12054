"""Tables of nodes and links as a graph store holds them, whichever store it is."""
