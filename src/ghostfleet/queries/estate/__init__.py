"""Questions about an estate: its graph (EST-44) and its time series (EST-45)."""
