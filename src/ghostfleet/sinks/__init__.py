"""Somewhere batches can be written: one module per destination, found by listing this folder."""

from ghostfleet.sinks.opening import found, open_sink
from ghostfleet.sinks.sink import Digester, Part, Receipt, Sink, Written

__all__ = ["Digester", "Part", "Receipt", "Sink", "Written", "found", "open_sink"]
