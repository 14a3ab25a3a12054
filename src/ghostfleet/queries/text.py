"""A query as a text: SQL with a small header, found by listing a folder or an entry-point group.

A header line is `-- key: value`; the header ends at the first line that is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from ghostfleet.core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.resources.abc import Traversable

CHECKS = "ghostfleet.checks"  # entry points name a folder of a package: `my_package.checks`
SQL = ".sql"
_HEADER = re.compile(r"--\s*([a-z_]+):\s*(.*?)\s*$")
_NEED = re.compile(r"([a-z_][a-z0-9_]*)\s*(?:\(([^)]*)\))?")


@dataclass(frozen=True, slots=True)
class Need:
    """A relation that a query reads, and which of its columns."""

    relation: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """A named question; ``header`` holds every key of its text."""

    name: str
    sql: str
    header: Mapping[str, str]

    @property
    def title(self) -> str:
        """What the query answers, for people."""
        return self.header.get("title", self.name.replace("_", " "))

    @property
    def needs(self) -> tuple[Need, ...]:
        """Relations that must be there: tables, views of the `views` folder or expectations."""
        return _relations(self.header.get("needs", ""))

    @property
    def optional(self) -> tuple[Need, ...]:
        """Relations that are taken for empty where they are not there."""
        return _relations(self.header.get("optional", ""))

    @property
    def unless(self) -> tuple[str, ...]:
        """Views that hold a row with a `reason` where the question cannot be answered."""
        return tuple(name.strip() for name in self.header.get("unless", "").split(",") if name.strip())

    @property
    def parameters(self) -> dict[str, float]:
        """Parameters and their defaults: `-- parameters: tolerance = 0.15, days = 7`."""
        pairs = (part.split("=") for part in self.header.get("parameters", "").split(",") if part.strip())
        return {name.strip(): float(value) for name, value in pairs}


def _relations(said: str) -> tuple[Need, ...]:
    return tuple(
        Need(found[1], tuple(name.strip() for name in (found[2] or "").split(",") if name.strip()))
        for found in _NEED.finditer(said)
    )


def parse(name: str, text: str) -> Query:
    """Query of a text; keys that stand twice are joined, so that a long value may take several lines."""
    header: dict[str, str] = {}
    for line in text.splitlines():
        found = _HEADER.match(line)
        if not found:
            break
        header[found[1]] = f"{header[found[1]]}, {found[2]}" if found[1] in header else found[2]
    return Query(name, text, header)


@cache
def query(name: str) -> Query:
    """Query of the `queries` folder; `DataError` naming those there are."""
    return _one(_listed(files(__package__)), name, "query")


@cache
def observed(table: str) -> Query | None:
    """Query that says which extent the rows of a table show, where there is one."""
    return _listed(files(__package__)).get(f"observed_{table}")


@cache
def view(name: str) -> Query | None:
    """Relation that several checks share, or nothing."""
    return _listed(files(__package__) / "views").get(name)


def tables_of(asked: Query) -> frozenset[str]:
    """Tables of data sets that a query reads, by itself or through views: those of which `observed` can tell."""
    found: set[str] = set()
    for need in asked.needs:
        if observed(need.relation):
            found.add(need.relation)
        elif shared := view(need.relation):
            found |= tables_of(shared)
    return frozenset(found)


@cache
def checks() -> dict[str, Query]:
    """Every check by name, built-in and plugged in; `DataError` when two have one name."""
    found: dict[str, Query] = {}
    for folder in (files(__package__) / "checks", *_plugged_in()):
        for name, text in _listed(folder).items():
            if name in found:
                raise DataError(f"two checks are called {name}; names must differ")
            found[name] = text
    return found


def _plugged_in() -> Iterable[Traversable]:
    from importlib.metadata import entry_points

    return [files(entry.value) for entry in entry_points(group=CHECKS)]


def _listed(folder: Traversable) -> dict[str, Query]:
    texts = sorted((entry for entry in folder.iterdir() if entry.name.endswith(SQL)), key=lambda entry: entry.name)
    return {
        entry.name.removesuffix(SQL): parse(entry.name.removesuffix(SQL), entry.read_text("utf-8")) for entry in texts
    }


def _one(known: Mapping[str, Query], name: str, what: str) -> Query:
    if name not in known:
        raise DataError(f"there is no {what} {name}; known are {', '.join(sorted(known))}")
    return known[name]
