"""How hard it is to tell one set of telemetry from another: tests, distances, forecasts, and the windows they saw."""

from __future__ import annotations

from ghostfleet.analysis.realism.columns import Columns
from ghostfleet.analysis.realism.measure import MissingExtraError, Settings, ensure_installed, measure
from ghostfleet.analysis.realism.readings import Readings, read
from ghostfleet.analysis.realism.report import Measured, as_text, saying

__all__ = [
    "Columns",
    "Measured",
    "MissingExtraError",
    "Readings",
    "Settings",
    "as_text",
    "ensure_installed",
    "measure",
    "read",
    "saying",
]
