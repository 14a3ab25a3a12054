"""Everything that an application stands on, as one list of nodes in five tiers."""
