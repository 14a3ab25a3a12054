"""Realistic operations data for an estate that does not exist."""

__version__ = "0.1.0"
