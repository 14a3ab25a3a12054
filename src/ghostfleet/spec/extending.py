"""Scenarios that build on others: `extends` names the one whose values hold wherever a scenario says nothing.

It is a shipped scenario's name, or a path of a YAML file relative to the file that says it. What reads texts is handed
in, so that this stays free of files; without it only shipped ones are known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ghostfleet.core.errors import ScenarioError
from ghostfleet.spec import reading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ghostfleet.spec.reading import Document

    Reader = Callable[[str, str], Document]

KEY = "extends"
MOST = 8  # scenarios one below the other
SUFFIXES = (".yaml", ".yml")


def is_path(name: str) -> bool:
    """Whether a base is named by the path of its file."""
    return name.endswith(SUFFIXES)


def extended(
    document: Document, shipped: Mapping[str, str], read: Reader | None = None, above: tuple[str, ...] = ()
) -> Document:
    """Scenario's text with those that it builds on behind it; ``read`` finds a path as a file of a given name says it.

    Raises `ScenarioError` at the line of a base that there is not, or that leads back to a name ``above``.
    """
    above = (*above, document.name)
    name = document.tree.get(KEY)
    if name is None:
        return document
    place = f"{document.place((KEY,))}: {KEY}"
    if not isinstance(name, str):
        msg = f"{place}: expected the name of a scenario or the path of a .yaml file"
        raise ScenarioError(msg)
    if "scenario" not in document.tree:
        msg = f"{document.name}: the key scenario is missing; one that extends {name} needs a name of its own"
        raise ScenarioError(msg)
    if not is_path(name) and name in shipped:
        base = reading.read(shipped[name], f"{name}.yaml")
    elif is_path(name) and read is not None:
        base = read(name, document.name)
    else:
        known = f"shipped are {', '.join(sorted(shipped))}"
        msg = f"{place}: there is no scenario {name}; {known}, or name a .yaml file beside this one"
        raise ScenarioError(msg)
    if base.name in above or len(above) >= MOST:
        said = "this closes a circle" if base.name in above else f"more than {MOST} build on each other"
        msg = f"{place}: {said}: {' → '.join((*above, base.name))}"
        raise ScenarioError(msg)
    return msgspec.structs.replace(document, base=extended(base, shipped, read, above))
