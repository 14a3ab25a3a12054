"""Somewhere batches can be written: one module per destination, found by listing this folder."""

from ghostfleet.sinks.opening import found, home_of, open_sink
from ghostfleet.sinks.sink import Again, Digester, Home, Part, Receipt, Sink, Split, Tally, Written

__all__ = [
    "Again",
    "Digester",
    "Home",
    "Part",
    "Receipt",
    "Sink",
    "Split",
    "Tally",
    "Written",
    "found",
    "home_of",
    "open_sink",
]
