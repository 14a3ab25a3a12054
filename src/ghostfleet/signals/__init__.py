"""Tables observed from the state: one module per signal, found by listing this folder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Protocol

import msgspec

from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.plugins import loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ghostfleet.core.batch import Batch
    from ghostfleet.core.table import Table
    from ghostfleet.core.window import Window
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State

GROUP = "ghostfleet.signals"


class Extent(msgspec.Struct, frozen=True):
    """What is known of the rows of a table that lie somewhere: how many entities, which span, how long a row is."""

    entities: int
    since_s: int
    until_s: int
    row_s: int
    is_stated: bool = True  # False: nobody says the span, only the rows themselves show it
    is_whole: bool = True  # False: one part of several, so some entities are elsewhere


class Observer(Protocol):
    """A signal of one scenario, ready to be observed in any window."""

    @property
    def table(self) -> Table:
        """The table as this scenario writes it."""

    @property
    def entities(self) -> int:
        """How many entities have rows."""

    @property
    def breadth(self) -> int:
        """How many times the usual ticks make a batch: more than 1 where entities are worked on in groups."""

    def rows(self, window: Window, first: int, last: int) -> Batch:
        """Rows of entities ``[first, last)`` in a window of rows, in `Table.order`."""


@dataclass(frozen=True, slots=True)
class StateObserver:
    """A table that is observed from the solved state of an estate, all entities of a window at once."""

    table: Table
    entities: int  # that have rows; of events, a guess of how many happen in a row of time
    observe: Callable[[State, Window], Iterator[Batch]]  # state at the ticks, window of the rows
    expected: Callable[[Window], int]  # rows in a window
    grain_s: int = 0  # length of rows that do not fold; 0: rows are as long as --every says


class Signal(Protocol):
    """A module of this folder."""

    TABLE: Table
    NEEDS: tuple[str, ...]  # sections of a scenario without which there is nothing to observe

    def observer(self, scenario: Scenario) -> Observer | StateObserver:
        """Make the signal ready for a scenario; `ScenarioError` when it lacks what the signal observes."""


def notes(signal: Signal, scenario: Scenario, row_s: int) -> Mapping[str, object]:
    """What a reader of rows of ``row_s`` seconds must know about how they were made; the manifest states it.

    A signal says so with a function ``notes(scenario, row_s)``, if there is anything to say.
    """
    said: Mapping[str, object] = signal.notes(scenario, row_s) if hasattr(signal, "notes") else {}
    return said


def expectations(
    signal: Signal, scenario: Scenario, extent: Extent | None = None
) -> Mapping[str, Sequence[Mapping[str, object]]]:
    """What checks may expect of rows of an extent, or of the whole scenario, as small named tables.

    A signal says so with a function ``expectations(scenario, extent)``, if it expects more than its table declares.
    """
    said: Mapping[str, Sequence[Mapping[str, object]]] = (
        signal.expectations(scenario, extent) if hasattr(signal, "expectations") else {}
    )
    return said


@cache
def found() -> dict[str, Signal]:
    """Every signal by the name of its table; `ScenarioError` when two have one name."""
    signals: dict[str, Signal] = {}
    modules: list[Signal] = [import_module(f"{__name__}.{part.name}") for part in iter_modules(__path__)]
    for signal in (*modules, *_plugged_in()):
        if signals.setdefault(signal.TABLE.name, signal) is not signal:
            msg = f"two signals write the table {signal.TABLE.name}"
            raise ScenarioError(msg)
    return signals


def _plugged_in() -> list[Signal]:
    from importlib.metadata import entry_points

    return [loaded(entry) for entry in entry_points(group=GROUP)]


def signal(name: str) -> Signal:
    """Signal of a table; `ScenarioError` naming those there are."""
    if name in {part.name for part in iter_modules(__path__)}:  # without looking for plug-ins, which takes a while
        module: Signal = import_module(f"{__name__}.{name}")
        return module
    known = found()
    if name not in known:
        msg = f"there is no table {name}; known are {', '.join(sorted(known))}"
        raise ScenarioError(msg)
    return known[name]
