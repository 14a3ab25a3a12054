"""Leaves of the state that several tables observe: what services use, what stores do, what is on the wire."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ghostfleet.state.estate.stores import Work, of_estate
from ghostfleet.state.estate.usage import Traffic, Usage
from ghostfleet.world.flow.draft import SERVICE, level_of

if TYPE_CHECKING:
    from ghostfleet.world.flow import Flow


class Leaves:
    """Ready for any window, once somebody asks; services and stores in the order of their names."""

    def __init__(self, flow: Flow) -> None:
        """Remember the estate: whoever observes single requests needs no leaf."""
        self._flow = flow

    @cached_property
    def services(self) -> tuple[str, ...]:
        """Names of all services."""
        nodes, places = self._flow.nodes, self._flow.places
        return tuple(sorted(name for name in nodes.names if nodes.kinds[places[name]] == SERVICE))

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """Names of all databases and machines."""
        estate = self._flow.estate
        return tuple(sorted((*estate.databases, *estate.machines)))

    @cached_property
    def usage(self) -> Usage:
        """What services use."""
        estate = self._flow.estate
        levels = [level_of(estate, estate.services[name]) for name in self.services]
        return Usage(self._flow, [self._flow.places[name] for name in self.services], levels)

    @cached_property
    def work(self) -> Work:
        """What stores do."""
        return Work(self._flow, of_estate(self._flow, self.stores))

    @cached_property
    def traffic(self) -> Traffic:
        """What is on the wire."""
        return Traffic(self._flow)
