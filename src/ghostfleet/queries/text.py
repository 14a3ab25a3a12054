"""A query as a text: SQL or Cypher with a small header, found by listing a folder or an entry-point group.

A header line is `-- key: value`, in Cypher `// key: value`; the header ends at the first line that is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from ghostfleet.core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.resources.abc import Traversable

CHECKS = "ghostfleet.checks"  # entry points name a folder of a package: `my_package.checks`
SQL, CYPHER = ".sql", ".cypher"
_HEADER = re.compile(r"(?:--|//)\s*([a-z_]+):\s*(.*?)\s*$")
_NEED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*(?:\(([^)]*)\))?")


@dataclass(frozen=True, slots=True)
class Need:
    """A relation that a query reads, and which of its columns; types are stated where a store may not know them."""

    relation: str
    columns: tuple[str, ...]
    types: tuple[str, ...] = ()  # of each column, in the words of SQL; VARCHAR where nothing is said


@dataclass(frozen=True)
class Query:
    """A named question; ``header`` holds every key of its text."""

    name: str
    sql: str
    header: Mapping[str, str]
    language: Literal["sql", "cypher"] = "sql"

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

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it returns, where its header names them."""
        return tuple(name.strip() for name in self.header.get("columns", "").split(",") if name.strip())

    @property
    def tables(self) -> frozenset[str] | None:
        """Tables without which a check has nothing to say, where its header names them."""
        said = self.header.get("tables")
        return None if said is None else frozenset(name.strip() for name in said.split(","))


def _relations(said: str) -> tuple[Need, ...]:
    found: dict[str, dict[str, str]] = {}
    for need in _NEED.finditer(said):
        columns = found.setdefault(need[1], {})
        for one in (need[2] or "").split(","):
            if one.strip():
                name, _, kind = one.strip().partition(" ")
                columns[name] = kind.strip() or "VARCHAR"
    return tuple(Need(name, tuple(columns), tuple(columns.values())) for name, columns in found.items())


def parse(name: str, text: str) -> Query:
    """Query of a text; keys that stand twice are joined, so that a long value may take several lines."""
    header: dict[str, str] = {}
    for line in text.splitlines():
        found = _HEADER.match(line)
        if not found:
            break
        header[found[1]] = f"{header[found[1]]}, {found[2]}" if found[1] in header else found[2]
    return Query(name, text, header, "cypher" if text.startswith("//") else "sql")


@cache
def query(name: str) -> Query:
    """Query of the `queries` folder; `DataError` naming those there are."""
    return _one(listed(files(__package__)), name, "query")


@cache
def observed(table: str) -> Query | None:
    """Query that says which extent the rows of a table show, where there is one."""
    return listed(files(__package__)).get(f"observed_{table}")


@cache
def view(name: str) -> Query | None:
    """Relation that several texts share, or nothing."""
    return listed(files(__package__) / "views").get(name) or stored_views().get(name)


@cache
def stored_views() -> dict[str, Query]:
    """Views that a store keeps beside the tables they are made of (EST-31, EST-33)."""
    return listed(files(__package__) / "stored")


def tables_of(asked: Query) -> frozenset[str]:
    """Tables of data sets that a query reads, by itself or through views: those of which `observed` can tell."""
    if asked.tables is not None:
        return asked.tables
    found: set[str] = set()
    for need in asked.needs:
        if observed(need.relation):
            found.add(need.relation)
        elif shared := view(need.relation):
            found |= tables_of(shared)
    return frozenset(found)


def relations_of(asked: Query) -> frozenset[str]:
    """Relations that a query must have, by itself or through views."""
    found: set[str] = set()
    for need in asked.needs:
        found.add(need.relation)
        if shared := view(need.relation):
            found |= relations_of(shared)
    return frozenset(found)


@cache
def checks() -> dict[str, Query]:
    """Every check by name, built-in and plugged in; `DataError` when two have one name."""
    found: dict[str, Query] = {}
    for folder in (files(__package__) / "checks", *_plugged_in()):
        for name, text in listed(folder).items():
            if name in found:
                raise DataError(f"two checks are called {name}; names must differ")
            found[name] = text
    return found


def _plugged_in() -> Iterable[Traversable]:
    from importlib.metadata import entry_points

    return [files(entry.value) for entry in entry_points(group=CHECKS)]


def listed(folder: Traversable) -> dict[str, Query]:
    """Texts of a folder by name, in the order of their names."""
    found = {}
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name, dot, suffix = entry.name.rpartition(".")
        if dot + suffix in (SQL, CYPHER):
            found[name] = parse(name, entry.read_text("utf-8"))
    return found


def _one(known: Mapping[str, Query], name: str, what: str) -> Query:
    if name not in known:
        raise DataError(f"there is no {what} {name}; known are {', '.join(sorted(known))}")
    return known[name]
