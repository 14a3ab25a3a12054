"""What resources cost over a window: day by day, by type, and where it was wasted."""
