"""What initiatives were worth over a window: by category, by month, and those that saved most."""
