"""Realistic operations data for an estate that does not exist, with exact ground truth."""

__version__ = "0.1.0"
