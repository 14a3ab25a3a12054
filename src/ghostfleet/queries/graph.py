"""Questions in Cypher, asked of a ladybug graph file that is opened to be read.

A text is one statement under a header of `//` lines, which every engine skips:
`params: app_name STRING, threshold DOUBLE`, `columns: id STRING, connections STRING[]`, `unordered: connections`.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ghostfleet.core.errors import DataError
from ghostfleet.core.interrupts import heard
from ghostfleet.queries.sources import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa
    from ladybug import Connection, QueryResult

    from ghostfleet.core.table import Table

DIGITS = 9  # of floats: the last bit of an average differs between engines
CHUNK_ROWS = 1 << 16
TYPES: Mapping[str, tuple[type, ...]] = {"STRING": (str,), "INT64": (int,), "DOUBLE": (float, int), "BOOL": (bool,)}
_HEADER = re.compile(r"//\s*([a-z_]+):\s*(.*?)\s*$")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Cypher:
    """A question in Cypher, and what its header says of it."""

    name: str
    text: str
    parameters: Mapping[str, str] = field(default_factory=dict)  # type by name
    columns: Mapping[str, str] = field(default_factory=dict)  # type by name; none: not declared
    unordered: frozenset[str] = frozenset()  # columns that hold lists without an order
    header: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """Columns and rows in plain values that every engine agrees on."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def dicts(self) -> list[dict[str, Any]]:
        """Rows by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def parse(name: str, text: str) -> Cypher:
    """Question of a text; `DataError` for a parameter whose type there is not."""
    header: dict[str, str] = {}
    for line in text.splitlines():
        found = _HEADER.match(line)
        if found is None:
            break
        header[found[1]] = found[2]
    parameters = _declared(header.get("params", ""))
    for parameter, kind in parameters.items():
        if kind.removesuffix("[]") not in TYPES:
            raise DataError(
                f"{name}: the parameter {parameter} has the type {kind!r}; valid are {', '.join(TYPES)}, []"
            )
    unordered = frozenset(_parts(header.get("unordered", "")))
    return Cypher(name, text, parameters, _declared(header.get("columns", "")), unordered, header)


def _declared(said: str) -> dict[str, str]:
    pairs = (part.partition(" ") for part in _parts(said))
    return {name: kind.strip() for name, _, kind in pairs}


def _parts(said: str) -> list[str]:
    return [part.strip() for part in said.split(",") if part.strip()]


@contextmanager
def open_graph(path: Path) -> Iterator[Graph]:
    """Open a graph file to be asked; `DataError` for whatever ladybug has to say about it."""
    try:
        import ladybug
    except ImportError as error:
        raise DataError('ladybug: needs the graph extra; install it with pip install "ghostfleet[graph]"') from error
    if not path.is_file():
        raise UnreadableError(f"{path} is not there; valid is ladybug:FILE")
    try:
        with ladybug.Database(path.absolute(), read_only=True) as database, ladybug.Connection(database) as opened:
            yield Graph(path, opened)
    except RuntimeError as error:
        raise UnreadableError(f"{path} cannot be asked: {_short(error)}") from error


class Graph:
    """An open graph; `open_graph` makes one."""

    def __init__(self, path: Path, connection: Connection) -> None:
        """Ask over a connection."""
        self._path = path
        self._connection = connection

    def ask(self, question: Cypher | str, parameters: Mapping[str, Any] = _NOTHING) -> Answer:
        """Answer a question; `DataError` for parameters other than it declares, and for what ladybug refuses.

        Every declared parameter is given, None where it does not matter.
        """
        asked = parse("the question", question) if isinstance(question, str) else question
        _ensure_declared(asked, parameters)
        with self._result(asked, parameters) as result:
            columns = tuple(result.get_column_names())
            if asked.columns and columns != tuple(asked.columns):
                said = ", ".join(asked.columns)
                raise DataError(f"{asked.name} returns the columns {', '.join(columns)}, and declares {said}")
            rows = [tuple(row) for row in result.get_all()]
        return Answer(columns, [_normalised_row(asked, columns, row) for row in rows])

    def rows(self, table: Table) -> pa.Table:
        """Nodes or links of a table, by those of its columns that the graph has, in the order of their keys."""
        own, ends = "n", {}
        pattern = f"(n:{_quoted(table.name)})"
        if table.form == "link":
            own, pattern = "r", f"(a)-[r:{_quoted(table.name)}]->(b)"
            ends = {"from_label": "label(a)", "from_id": "a.id", "to_label": "label(b)", "to_id": "b.id"}
        known = self.ask("CALL show_tables() RETURN name, type")
        if (table.name, "NODE" if table.form == "node" else "REL") not in known.rows:
            raise UnreadableError(f"{self._path} has no {table.form}s {table.name}")
        there = {row[0] for row in self.ask(f"CALL table_info('{table.name}') RETURN name").rows}
        cells = {
            name: ends.get(name, f"{own}.{_quoted(name)}") for name in table.names if name in there or name in ends
        }
        wanted = ", ".join(f"{cell} AS {_quoted(name)}" for name, cell in cells.items())
        with self._result(Cypher(table.name, f"MATCH {pattern} RETURN {wanted}"), {}) as result:
            return result.get_as_arrow(CHUNK_ROWS).sort_by([(key, "ascending") for key in table.keys])

    @contextmanager
    def _result(self, asked: Cypher, parameters: Mapping[str, Any]) -> Iterator[QueryResult]:
        try:
            with heard(self._connection.interrupt):
                result = self._connection.execute(asked.text, dict(parameters))
        except RuntimeError as error:
            raise DataError(f"{asked.name}: {_short(error)}") from error
        if isinstance(result, list):
            for one in result:
                one.close()
            raise DataError(f"{asked.name} is {len(result)} statements; a question is one")
        try:
            yield result
        finally:
            result.close()


def _ensure_declared(asked: Cypher, given: Mapping[str, Any]) -> None:
    """Refuse parameters that are missing, unknown or of another type: engines differ in what they make of them."""
    if set(given) != set(asked.parameters):
        declared = ", ".join(f"{name} {kind}" for name, kind in asked.parameters.items()) or "none"
        raise DataError(f"{asked.name} was given the parameters {', '.join(given) or 'none'}; it takes {declared}")
    for name, value in given.items():
        kind = asked.parameters[name]
        items = value if kind.endswith("[]") and isinstance(value, list | tuple) else [value]
        listed = value is None or kind.endswith("[]") == isinstance(value, list | tuple)
        valid = TYPES[kind.removesuffix("[]")]
        fits = (isinstance(one, valid) and (bool in valid or not isinstance(one, bool)) for one in items)
        if not listed or not (value is None or all(fits)):
            raise DataError(f"{asked.name}: the parameter {name} is {value!r}, and should be {kind}")


def normalised(value: Any) -> Any:  # noqa: ANN401  whatever a graph may hold
    """Return a value as every engine says it: no decimals, nine digits of a float, no absent keys in maps."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else normalised(float(value))
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        kept = {key: one for key, one in value.items() if one is not None and not str(key).startswith("_")}
        return {key: normalised(one) for key, one in kept.items()}
    return [normalised(one) for one in value] if isinstance(value, list | tuple) else value


def _normalised_row(asked: Cypher, columns: tuple[str, ...], row: tuple[Any, ...]) -> tuple[Any, ...]:
    plain = [normalised(value) for value in row]
    return tuple(
        sorted(value, key=str) if column in asked.unordered and isinstance(value, list) else value
        for column, value in zip(columns, plain, strict=True)
    )


def _quoted(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UnreadableError(f"{name!r} cannot be a name; valid are letters, digits and underscores")
    return f"`{name}`"


def _short(error: Exception) -> str:
    """Return the line of a message that says what; those that follow repeat the text."""
    return " ".join(str(error).split("\n", maxsplit=1)[0].split())
