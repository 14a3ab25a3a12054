"""Tables observed from the state: one module per signal, or per family of them, found by listing this folder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.plugins import loaded
from ghostfleet.core.table import GROUPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ghostfleet.core.batch import Batch
    from ghostfleet.core.table import Table
    from ghostfleet.core.window import Window
    from ghostfleet.spec.scenario import Scenario

    Expected = Sequence[Mapping[str, object]] | str  # rows that checks read, or why there are none

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
        """How many entities have rows: of the table of a graph, how many nodes or links there are."""

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
    observe: Callable[[Any, Window], Iterator[Batch]]  # state at the ticks, and window of the rows
    expected: Callable[[Window], int]  # rows in a window
    grain_s: int = 0  # length of rows that do not fold; 0: rows are as long as --every says
    is_solved: bool = True  # False: it is handed no state, and solves what it needs itself
    is_detailed: bool = False  # True: it follows single requests, for which the state is solved in detail
    is_of_requests: bool = False  # True: so are its rows, though it follows them by itself
    ticks_at_once: int = 0  # of a task, where its rows are so many that the usual stretch would be too long
    solves: Callable[[Window], int] = lambda _window: 0  # ticks that it solves itself for a window of rows

    @property
    def is_by_tick(self) -> bool:
        """Whether rows are single requests, which no --every folds: a window of them is one of ticks."""
        return self.is_detailed or self.is_of_requests


class Signal(Protocol):
    """A module of this folder, or one of the several `SIGNALS` that a module lists."""

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


def expectations(signal: Signal, scenario: Scenario, extent: Extent | None = None) -> Mapping[str, Expected]:
    """What checks may expect of rows of an extent, or of the whole scenario, as small named tables; or why nothing.

    A signal says so with a function ``expectations(scenario, extent)``, if it expects more than its table declares.
    """
    said: Mapping[str, Expected] = signal.expectations(scenario, extent) if hasattr(signal, "expectations") else {}
    return said


def silence(signal: Signal, scenario: Scenario) -> str:
    """Why no window of a scenario has a row of a table; empty where some may have.

    A signal says so with a function ``silence(scenario)``, if a scenario that it can be made ready for may lack them.
    """
    said: str = signal.silence(scenario) if hasattr(signal, "silence") else ""
    return said


@cache
def found() -> dict[str, Signal]:
    """Every signal by the name of its table; `ScenarioError` when two have one name."""
    signals: dict[str, Signal] = {}
    modules = [import_module(f"{__name__}.{part.name}") for part in iter_modules(__path__)]
    for signal in (*(one for module in modules for one in of_module(module)), *_plugged_in()):
        if signals.setdefault(signal.TABLE.name, signal) is not signal:
            msg = f"two signals write the table {signal.TABLE.name}"
            raise ScenarioError(msg)
    return signals


def of_module(module: Any) -> tuple[Signal, ...]:  # noqa: ANN401  a module of this folder, or what an entry point names
    """Signals of a module: those that it lists, or the module itself."""
    several: tuple[Signal, ...] = getattr(module, "SIGNALS", (module,))
    return several


def _plugged_in() -> list[Signal]:
    from importlib.metadata import entry_points

    return [signal for entry in entry_points(group=GROUP) for signal in of_module(loaded(entry))]


@cache
def _modules() -> frozenset[str]:
    return frozenset(part.name for part in iter_modules(__path__))


def is_module(name: str) -> bool:
    """Whether a module of this folder has a name, as the one of most tables has; nothing is imported to say so."""
    return name in _modules()


def signal(name: str, known: Callable[[], Mapping[str, Signal]] = found) -> Signal:
    """Signal of a table; `ScenarioError` naming the tables that are known, and the groups that they form."""
    if is_module(name):  # without looking for plug-ins, which takes a while
        for one in of_module(import_module(f"{__name__}.{name}")):
            if name == one.TABLE.name:
                return one
    tables = known()
    if name not in tables:
        groups = [group for group in GROUPS if any(one.TABLE.group == group for one in tables.values())]
        rows = sorted(table for table, one in tables.items() if not one.TABLE.is_topology)
        msg = f"there is no table {name}; known are {', '.join(rows)}, and those of the groups {', '.join(groups)}"
        raise ScenarioError(msg)
    return tables[name]
