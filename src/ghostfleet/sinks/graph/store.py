"""An open ladybug file: its catalog, the tables that are made in it, and their rows as Arrow.

Nothing here rolls back. After an error in the middle of a load the open database may be damaged, so whoever loads does
so in a file that is thrown away when anything fails.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import product
from typing import TYPE_CHECKING, Any

from ghostfleet.core.errors import SinkError
from ghostfleet.core.interrupts import heard
from ghostfleet.sinks.graph.shape import KEYS, own_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    from ladybug import Connection, QueryResult

    from ghostfleet.core.table import Table

FORMS = {"NODE": "node", "REL": "link"}
# What texts of queries call otherwise in ladybug than in Neo4j; there is no IF NOT EXISTS for macros.
PRELUDE = {
    "type": "(r) AS label(r)",
    "toString": "(x) AS CAST(x AS STRING)",
    "toFloat": "(x) AS CAST(x AS DOUBLE)",
    "toInteger": "(x) AS CAST(x AS INT64)",
    "head": "(l) AS l[1]",
    "last": "(l) AS l[-1]",
}
CHUNK_ROWS = 1 << 16

Pair = tuple[str, str]


def library() -> Any:  # noqa: ANN401  a module
    """Load ladybug; `SinkError` that says how to get it."""
    try:
        import ladybug
    except ImportError as error:
        raise SinkError('ladybug: needs the graph extra; install it with pip install "ghostfleet[graph]"') from error
    return ladybug


@contextmanager
def connected(path: Path, *, read_only: bool = False) -> Iterator[Graph]:
    """Open a file; `SinkError` for whatever ladybug has to say about it."""
    ladybug = library()
    try:
        with ladybug.Database(path.absolute(), read_only=read_only) as database, ladybug.Connection(database) as opened:
            yield Graph(opened)
    except RuntimeError as error:
        said = " ".join(str(error).split("\n", maxsplit=1)[0].split())
        raise SinkError(f"cannot use {path} as a ladybug file: {said}") from error


class Graph:
    """What an open file holds, and the statements that change it."""

    def __init__(self, connection: Connection) -> None:
        """Read the catalog."""
        self._connection = connection
        self.is_changed = False
        self.forms = {row[0]: FORMS.get(row[1], "") for row in self._asked("CALL show_tables() RETURN name, type")}

    @property
    def labels(self) -> list[str]:
        """Tables of nodes."""
        return sorted(name for name, form in self.forms.items() if form == "node")

    def columns(self, name: str) -> dict[str, str]:
        """Types of a table's own columns; the ends of links are none of them."""
        found = self._asked(f"CALL table_info({_text(name)}) RETURN name, type")
        return {row[0]: row[1] for row in found}

    def pairs(self, name: str) -> list[Pair]:
        """Labels that links of a type may join."""
        return [(row[0], row[1]) for row in self._asked(f"CALL show_connection({_text(name)}) RETURN *")]

    def count(self, name: str) -> int:
        """Rows of a table; `SinkError` when there is none of that name."""
        (row,) = self._asked(f"MATCH {self._pattern(name)} RETURN count(*)")
        return int(row[0])

    def rows(self, name: str, columns: Sequence[str] = ()) -> pa.Table:
        """All rows of a table, or some of its columns, in no order."""
        wanted = ", ".join(f"{cell} AS {quoted(one)}" for one, cell in self._cells(name, columns).items())
        with self._result(f"MATCH {self._pattern(name)} RETURN {wanted}") as result:
            return result.get_as_arrow(CHUNK_ROWS)

    def keys(self, name: str) -> tuple[str, ...]:
        """Columns that tell the rows of a table apart."""
        return KEYS[self._form(name)]

    def prepare(self) -> None:
        """Define the macros that texts of queries use, where the file has none of these names."""
        known = {str(row[0]).lower() for row in self._asked("CALL show_macros() RETURN name")}
        for name, body in PRELUDE.items():
            if name.lower() not in known:
                self.change(f"CREATE MACRO {name}{body}")

    def make_nodes(self, table: Table) -> None:
        """Make a table of nodes where there is none."""
        if table.name not in self.forms:
            columns = ", ".join(_columns(table))
            self.change(f"CREATE NODE TABLE {quoted(table.name)}({columns}, PRIMARY KEY(`id`))")
            self._made(table)

    def make_links(self, table: Table, pairs: Iterable[Pair]) -> None:
        """Make a table of links for some pairs of labels, or add to one those that it lacks.

        Without any pair it is made for those that the table declares, or else for the first label with itself: a query
        that names a type must find it. Where there is no label there can be none.
        """
        wanted = dict.fromkeys(pairs)
        if table.name in self.forms:
            for start, end in [pair for pair in wanted if pair not in self.pairs(table.name)]:
                to = f"FROM {quoted(start)} TO {quoted(end)}"
                self.change(f"ALTER TABLE {quoted(table.name)} ADD IF NOT EXISTS {to}")
            return
        joins = [f"FROM {quoted(start)} TO {quoted(end)}" for start, end in wanted or self._declared(table)]
        if not joins:
            raise SinkError(f"{table.name} has no nodes to link; write tables of nodes before, or with, those of links")
        self.change(f"CREATE REL TABLE {quoted(table.name)}({', '.join([*joins, *_columns(table)])})")
        self._made(table)

    def drop(self, table: Table) -> None:
        """Remove a table with its rows."""
        self.change(f"DROP TABLE {quoted(table.name)}")
        del self.forms[table.name]

    def add_nodes(self, name: str, rows: pa.Table) -> None:
        """Add nodes; none of them may be there."""
        if len(rows):
            self.change(f"COPY {quoted(name)} FROM $rows", rows)

    def set_nodes(self, name: str, rows: pa.Table) -> None:
        """Give nodes that are there new properties."""
        if len(rows):
            said = ", ".join(f"_n.{quoted(one)} = {quoted(one)}" for one in rows.column_names if one != "id")
            self.change(f"LOAD FROM $rows MATCH (_n:{quoted(name)} {{id: `id`}}) SET {said}", rows)

    def add_links(self, name: str, pair: Pair, rows: pa.Table) -> None:
        """Add links between two labels; they stand beside any that are there."""
        own = rows.select([one for one in rows.column_names if one not in {"from_label", "to_label"}])
        try:
            self.change(f"COPY {quoted(name)} FROM $rows (from={_text(pair[0])}, to={_text(pair[1])})", own)
        except RuntimeError as error:
            if "Unable to find primary key value" not in str(error):
                raise
            missing = str(error).partition("primary key value ")[2].rstrip(".")
            raise SinkError(
                f"a link {name} from {pair[0]} to {pair[1]} ends at {missing!r}, which is no node there; "
                "write the nodes before, or with, the links"
            ) from error

    def change(self, statement: str, rows: pa.Table | None = None) -> None:
        """Run a statement that changes the file."""
        self.is_changed = True
        with self._result(statement, {} if rows is None else {"rows": rows}):
            pass

    def settle(self) -> None:
        """Write what the log holds into the file itself."""
        with self._result("CHECKPOINT"):
            pass

    def _made(self, table: Table) -> None:
        self.forms[table.name] = table.form
        self.change(f"COMMENT ON TABLE {quoted(table.name)} IS {_text(table.about)}")

    def _declared(self, table: Table) -> list[Pair]:
        labels = self.labels
        declared = product(table["from_label"].values, table["to_label"].values)
        known = [pair for pair in declared if set(pair) <= set(labels)]
        return known or [(label, label) for label in labels[:1]]

    def _form(self, name: str) -> str:
        form = self.forms.get(name, "")
        if not form:
            raise SinkError(f"there is no table {name}")
        return form

    def _pattern(self, name: str) -> str:
        return f"(n:{quoted(name)})" if self._form(name) == "node" else f"(a)-[r:{quoted(name)}]->(b)"

    def _cells(self, name: str, columns: Sequence[str]) -> dict[str, str]:
        variable = "n" if self._form(name) == "node" else "r"
        ends = {"from_label": "label(a)", "from_id": "a.`id`", "to_label": "label(b)", "to_id": "b.`id`"}
        own = {one: f"{variable}.{quoted(one)}" for one in self.columns(name)}
        cells = own if variable == "n" else {**ends, **own}
        return {one: cells[one] for one in columns or cells}

    def _asked(self, statement: str) -> list[list[Any]]:
        with self._result(statement) as result:
            return [list(row) for row in result.get_all()]

    @contextmanager
    def _result(self, statement: str, parameters: Mapping[str, Any] | None = None) -> Iterator[QueryResult]:
        with heard(self._connection.interrupt):
            result = self._connection.execute(statement, dict(parameters or {}))
        if isinstance(result, list):
            raise TypeError(statement)  # it was several statements
        try:
            yield result
        finally:
            result.close()


def quoted(name: str) -> str:
    """Quote an identifier."""
    if "`" in name:
        raise SinkError(f"{name!r} cannot be a graph's name")
    return f"`{name}`"


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _columns(table: Table) -> list[str]:
    return [f"{quoted(name)} {kind}" for name, kind in own_types(table).items()]
