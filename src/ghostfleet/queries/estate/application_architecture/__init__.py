"""An application: its services with their clusters and dependencies, and the databases behind them."""
