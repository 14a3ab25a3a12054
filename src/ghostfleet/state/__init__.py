"""What really happened, per entity and tick, before anyone observed it."""
