"""Leaves of the state that several tables observe: what services use, what stores do, what is on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ghostfleet.state.estate.stores import Work, of_estate
from ghostfleet.state.estate.usage import Traffic, Usage
from ghostfleet.world.flow.draft import SERVICE, level_of

if TYPE_CHECKING:
    from ghostfleet.world.flow import Flow


class Leaves:
    """Ready for any window; services and stores in the order of their names."""

    def __init__(self, flow: Flow) -> None:
        """Prepare what does not depend on the window."""
        nodes, estate = flow.nodes, flow.estate
        self.services = tuple(sorted(name for name in nodes.names if nodes.kinds[flow.places[name]] == SERVICE))
        self.stores = tuple(sorted((*estate.databases, *estate.machines)))
        levels = [level_of(estate, estate.services[name]) for name in self.services]
        self.usage = Usage(flow, [flow.places[name] for name in self.services], levels)
        self.work = Work(flow, of_estate(flow, self.stores))
        self.traffic = Traffic(flow)
