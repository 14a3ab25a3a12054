"""The graph of an estate: a table for each label and for each relationship type, as things stand at a window's end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ghostfleet.signals.topology.tables import LinkTable, NodeTable
from ghostfleet.world.estate import LABELS, TYPES

if TYPE_CHECKING:
    from ghostfleet.signals import Signal

SIGNALS: tuple[Signal, ...] = (
    *(NodeTable(label) for label, _ in LABELS.values()),
    *(LinkTable(kind, frozenset(LABELS)) for kind in TYPES),
)
