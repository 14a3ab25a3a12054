"""Panels as data, and renderers that draw them."""

from __future__ import annotations

from ghostfleet.dashboards.panels import Dashboard, Panel, dashboard, names
from ghostfleet.dashboards.report import report

__all__ = ["Dashboard", "Panel", "dashboard", "names", "report"]
