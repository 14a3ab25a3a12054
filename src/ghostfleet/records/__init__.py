"""Tables of what people and tools wrote down about incidents, after a delay; and with signals, every table there is.

A record is a module of this folder with a `TABLE` of the group ``records``, or with several `SIGNALS`, made like a
signal. It may know truth, which signals never see, so `--blind` leaves records out.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from ghostfleet import signals
from ghostfleet.core.table import GROUPS

if TYPE_CHECKING:
    from ghostfleet.signals import Signal


@cache
def own() -> dict[str, Signal]:
    """Every record by the name of its table."""
    modules = [import_module(f"{__name__}.{part.name}") for part in iter_modules(__path__)]
    return {one.TABLE.name: one for module in modules for one in signals.of_module(module)}


def found() -> dict[str, Signal]:
    """Every signal and record by the name of its table; `ScenarioError` when two have one name."""
    return {**signals.found(), **own()}


def signal(name: str) -> Signal:
    """Signal or record of a table; `ScenarioError` naming those there are."""
    if not signals.is_module(name) and name in own():  # without importing signals for records, or the other way round
        return own()[name]
    return signals.signal(name, found)


def named(name: str) -> tuple[str, ...]:
    """Tables that a name stands for: the one of that name, or all of a group; `ScenarioError` when there is none."""
    if name in GROUPS:
        return tuple(table for table, one in found().items() if one.TABLE.group == name)
    return (signal(name).TABLE.name,)
