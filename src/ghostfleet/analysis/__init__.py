"""Answers that need more than a query: what data says about itself, and about other data."""
