"""The only room that reads the clock and the environment, starts workers and keeps anything between calls."""
