"""Graphs that texts in Cypher are asked of: a ladybug file, or one made in memory of tables of nodes and links."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostfleet.core.errors import DataError
from ghostfleet.core.interrupts import heard
from ghostfleet.queries import sources, text
from ghostfleet.queries.graph import Cypher, Graph, open_graph
from ghostfleet.queries.parameters import declared
from ghostfleet.queries.reading import is_name, literal
from ghostfleet.queries.relations import KINDS, merged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa
    from ladybug import Connection

    from ghostfleet.queries.answers import Rows
    from ghostfleet.queries.relations import Relations
    from ghostfleet.queries.text import Need, Query

NODE, LINK = ("id", "name", "kind"), ("from_label", "from_id", "to_label", "to_id")
EVERYTHING = "graph"  # a need of all nodes and all links
TYPES = {"DOUBLE": "DOUBLE", "BIGINT": "INT64", "BOOLEAN": "BOOL", "VARCHAR[]": "STRING[]"}  # others are STRING
PARAMETERS = {"VARCHAR": "STRING", "BIGINT": "INT64", "DOUBLE": "DOUBLE", "BOOLEAN": "BOOL"}
POOL_BYTES = 1 << 28
THREADS = 2
# Texts are written for what ladybug and Neo4j have in common; these are the names that ladybug lacks.
PRELUDE = {
    "type": "(r) AS label(r)",
    "toString": "(x) AS CAST(x AS STRING)",
    "toFloat": "(x) AS CAST(x AS DOUBLE)",
    "toInteger": "(x) AS CAST(x AS INT64)",
    "head": "(l) AS l[1]",
    "last": "(l) AS l[-1]",
}


@dataclass
class Asked:
    """An open graph that texts are asked of."""

    where: str
    graph: Graph
    _catalog: dict[str, set[str]] = field(default_factory=dict)  # tables, and their columns as far as they were asked

    def lacks(self, asked: Query) -> str:
        """Say what a text needs and the graph does not have, or nothing."""
        return next((reason for need in asked.needs if (reason := self._lack(need))), "")

    def rows(self, asked: Query, values: Mapping[str, Any]) -> Rows:
        """Rows of a text."""
        kinds = {one.name: PARAMETERS[one.type] for one in declared(asked)}
        loose = frozenset(one.strip() for one in asked.header.get("unordered", "").split(",") if one.strip())
        text = Cypher(asked.name, asked.sql, kinds, dict.fromkeys(asked.columns, ""), loose)
        return self.graph.ask(text, {name: values[name] for name in kinds}).dicts()

    def _lack(self, need: Need) -> str:
        if not self._catalog:
            self._catalog |= {row[0]: set() for row in self.graph.ask("CALL show_tables() RETURN name").rows}
        known = self._catalog
        if need.relation == EVERYTHING:
            return "" if known else f"there are no nodes; looked for in {self.where}"
        if need.relation not in known:
            return f"{need.relation} is not there; looked for in {self.where}"
        if need.columns and not known[need.relation]:
            found = self.graph.ask(f"CALL table_info({literal(need.relation)}) RETURN name")
            known[need.relation] = {row[0] for row in found.rows}
        missing = [column for column in need.columns if column not in known[need.relation]]
        return f"{need.relation} has no column {', '.join(missing)}" if missing else ""


@contextmanager
def opened(urls: Sequence[str], relations: Relations, texts: Iterable[Query]) -> Iterator[Asked | None]:
    """Open the graph that is named, or make one of tables that lie at the other places; nothing where nobody asks.

    A graph made of tables holds what the given texts need, and no more.
    """
    asked = [one for one in texts if one.language == "cypher"]
    needs = merged(need for one in asked for need in (*one.needs, *one.optional))
    files = [Path(url.removeprefix(sources.GRAPH)) for url in urls if url.startswith(sources.GRAPH)]
    if not needs:
        yield None
    elif files:
        with open_graph(files[0]) as graph:
            yield Asked(str(files[0]), graph)
    else:
        with _in_memory() as connection:
            _build(connection, relations, needs)
            yield Asked(" or ".join(urls) or "no place, as none was named", Graph(Path(":memory:"), connection))


@contextmanager
def _in_memory() -> Iterator[Connection]:
    try:
        import ladybug
    except ImportError as error:
        raise DataError('graphs are asked by ladybug; install it with pip install "ghostfleet[graph]"') from error
    with (
        ladybug.Database(":memory:", buffer_pool_size=POOL_BYTES, max_num_threads=THREADS) as base,
        ladybug.Connection(base) as connection,
    ):
        yield connection


def _build(connection: Connection, relations: Relations, needs: Mapping[str, Need]) -> None:
    for name, body in PRELUDE.items():
        connection.execute(f"CREATE MACRO {name}{body}")
    if EVERYTHING in needs:
        needs = _everything(relations)
    links = {name: need for name, need in needs.items() if not _is_node(need)}
    relations.provide([text.Need(name, LINK, ("VARCHAR",) * len(LINK)) for name in links])
    pairs = {name: _pairs(relations, name) for name in links if not relations.lack(text.Need(name, LINK))}
    labels = {label for found in pairs.values() for pair in found for label in pair if is_name(label)}
    wanted = merged(
        [
            *(text.Need(label, NODE, ("VARCHAR",) * len(NODE)) for label in sorted(labels)),
            *(need for need in needs.values() if need.relation not in links),
        ]
    )
    relations.provide(wanted.values())
    there = {name: need for name, need in wanted.items() if not relations.lack(text.Need(name, NODE))}
    for name, need in there.items():
        _nodes(connection, relations, name, need)
    for name, found in pairs.items():
        _links(connection, relations, name, [pair for pair in found if set(pair) <= there.keys()], list(there))


def _everything(relations: Relations) -> dict[str, Need]:
    """A need of every table that looks like nodes or links."""
    found, kinds = {}, {kind: said for said, kind in KINDS.items()}
    for name, types in relations.found().items():
        if set(NODE) <= types.keys() or {*LINK, "kind"} <= types.keys():
            given = {column: kind if kind in KINDS else _nearest(kind) for column, kind in types.items()}
            if name in relations.tables:
                given |= {one.name: kinds[one.kind] for one in relations.tables[name].columns if one.name in given}
            found[name] = text.Need(name, tuple(given), tuple(given.values()))
    return found


def _nearest(kind: str) -> str:
    if kind.startswith("TIMESTAMP"):
        return "TIMESTAMPTZ"
    return "BIGINT" if kind in ("INTEGER", "SMALLINT", "TINYINT") else "DOUBLE" if kind == "FLOAT" else "VARCHAR"


def _is_node(need: Need) -> bool:
    """Whether a need is of nodes: texts say which properties of nodes they read, and of links nothing."""
    return bool(need.columns) and set(LINK).isdisjoint(need.columns)


def _pairs(relations: Relations, name: str) -> list[tuple[str, str]]:
    cells = f'SELECT DISTINCT from_label, to_label FROM "{name}" ORDER BY ALL'  # noqa: S608  the name was let through
    return [(row[0], row[1]) for row in relations.store.execute(cells).fetchall() if None not in row]


def _nodes(connection: Connection, relations: Relations, name: str, need: Need) -> None:
    there = {
        column: kind
        for column, kind in zip(need.columns, need.types, strict=True)
        if not relations.lack(text.Need(name, (column,)))
    }
    columns = {column: TYPES.get(there[column], "STRING") for column in (*NODE, *there)}
    listed = ", ".join(f"`{column}` {kind}" for column, kind in columns.items())
    connection.execute(f"CREATE NODE TABLE `{name}`({listed}, PRIMARY KEY(`id`))")
    said = "strftime(\"{0}\" AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ') AS \"{0}\""
    cells = [said.format(one) if there[one] == "TIMESTAMPTZ" else f'"{one}"' for one in columns]
    _copy(connection, f"COPY `{name}` FROM $rows", relations.arrow(name, cells), name)


def _links(
    connection: Connection, relations: Relations, name: str, pairs: Sequence[tuple[str, str]], labels: Sequence[str]
) -> None:
    """Make a table of links; one without links joins a label with itself, because texts that name it must find it."""
    joined = pairs or [(label, label) for label in labels[:1]]
    if not joined:
        return
    said = ", ".join(f"FROM `{start}` TO `{end}`" for start, end in joined)
    connection.execute(f"CREATE REL TABLE `{name}`({said}, `kind` STRING)")
    for start, end in pairs:
        sides = f"from_label = {literal(start)} AND to_label = {literal(end)}"
        rows = relations.arrow(name, ["from_id", "to_id", f"{literal(name)} AS kind"], sides)
        _copy(connection, f"COPY `{name}` FROM $rows (from='{start}', to='{end}')", rows, name)


def _copy(connection: Connection, statement: str, rows: pa.Table, name: str) -> None:
    if not len(rows):
        return
    try:
        with heard(connection.interrupt):
            connection.execute(statement, {"rows": rows})
    except RuntimeError as error:
        raise DataError(f"no graph can be made of {name}: {str(error).splitlines()[0]}") from error
