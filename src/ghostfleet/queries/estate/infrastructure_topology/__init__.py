"""All nodes and relationships of the graph, and how many there are of each label and type."""
