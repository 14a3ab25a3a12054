"""SQL that reads a source into a typed table, in which a value of a wrong type is null and written down."""

from __future__ import annotations

import csv
import gzip
import re
from typing import TYPE_CHECKING

from ghostfleet.core.table import Kind, flat_name
from ghostfleet.queries import documents
from ghostfleet.queries.graph import open_graph
from ghostfleet.queries.sources import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from ghostfleet.core.table import Column
    from ghostfleet.queries.sources import Source

TYPES = {
    Kind.TIME: "TIMESTAMP",
    Kind.TEXT: "VARCHAR",
    Kind.TEXTS: "VARCHAR[]",
    Kind.F64: "DOUBLE",
    Kind.I64: "BIGINT",
    Kind.BOOL: "BOOLEAN",
}
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT")
ZONED = "TIMESTAMP WITH TIME ZONE"
_OFFSET = ".*[T ].*[+-][0-9]{2}(:?[0-9]{2})?"  # of a time of day from UTC, as numbers
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_name(text: str) -> bool:
    """Whether a text can be a name."""
    return _NAME.fullmatch(text) is not None


def name(text: str) -> str:
    """Quote an identifier; only plain names are let through."""
    if not is_name(text):
        raise UnreadableError(f"{text!r} cannot be a name; valid are letters, digits and underscores")
    return f'"{text}"'


def literal(text: str) -> str:
    """Text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def _paths(source: Source) -> str:
    """Paths as a list; characters that DuckDB would take for patterns stand for themselves."""
    return "[" + ", ".join(literal(re.sub(r"([*?\[])", r"[\1]", str(path))) for path in source.paths) + "]"


def _packing(source: Source) -> str:
    """Compression, said outright: DuckDB would look for the suffix before a `?`, as in an address."""
    return "gzip" if source.suffix.endswith(".gz") else "none"


def relation(store: DuckDBPyConnection, source: Source) -> tuple[str, dict[str, str]]:
    """SQL of the source's rows, and the DuckDB type of each column in it."""
    if source.suffix == "duckdb":
        return _stored(store, source)
    if source.suffix == "ladybug":
        return _graph(store, source)
    if source.suffix == "parquet":
        return described(store, f"read_parquet({_paths(source)})")  # `file_row_number` would start anew per file
    if source.suffix.startswith("csv"):
        names = _header(source.paths[0])
        types = ", ".join(f"{literal(flat_name(column))}: 'VARCHAR'" for column in names)
        text = "header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', nullstr = ''"
        options = f"compression = '{_packing(source)}', {text}"
        return f"read_csv({_paths(source)}, columns = {{{types}}}, {options})", dict.fromkeys(
            map(flat_name, names), "VARCHAR"
        )
    return documents.relation(store, source, _paths(source), _packing(source))


def _stored(store: DuckDBPyConnection, source: Source) -> tuple[str, dict[str, str]]:
    store.execute(f"ATTACH IF NOT EXISTS {literal(str(source.paths[0]))} AS stored (READ_ONLY)")
    sql = "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'stored' AND table_name = ?"
    (count,) = store.execute(sql, [source.table.name]).fetchone() or (0,)
    if not count:
        raise UnreadableError(f"{source.paths[0]} has no table {source.table.name}")
    return described(store, f"stored.{name(source.table.name)}")


def _graph(store: DuckDBPyConnection, source: Source) -> tuple[str, dict[str, str]]:
    """Rows of nodes or links as a relation; their order is that of their keys, because a graph has none."""
    with open_graph(source.paths[0]) as graph:
        rows = f"graph_{source.table.name}"
        store.register(rows, graph.rows(source.table))
    return described(store, name(rows))


def described(store: DuckDBPyConnection, rows: str) -> tuple[str, dict[str, str]]:
    """SQL of rows, and the DuckDB type of each column in them."""
    found = store.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()  # noqa: S608  rows are quoted above
    return rows, {row[0]: row[1] for row in found}


def _header(path: Path) -> list[str]:
    unpack = gzip.open if path.name.endswith(".gz") else open
    try:
        with unpack(path, "rt", encoding="utf-8", newline="") as file:
            names = next(csv.reader(file), [])
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{path} is not text in UTF-8: {error.reason} in the first line") from error
    except csv.Error as error:
        raise UnreadableError(f"{path} does not begin with a header: {error}") from error
    if not names or len(set(names)) != len(names) or not all(names):
        raise UnreadableError(f"{path} must begin with a header of different column names, not with {names[:5]}")
    return names


def typed(source: Source, rows: str, types: Mapping[str, str]) -> str:
    """SELECT of the table's columns by their declared types, the row in the file and what did not fit.

    A line of a CSV is its row and one more: the header comes first.
    """
    present = [column for column in source.table.columns if column.name in types]
    offset = 1 if source.suffix.startswith(("csv", "json.", "json")) and not source.suffix.startswith("jsonl") else 0
    cells = [_cell(column, types[column.name]) for column in present]
    wrong = [_wrong(column, types[column.name]) for column in present if column.kind is not Kind.TEXT]
    listed = ", ".join(wrong) or "NULL"
    lines = 2 if source.suffix.startswith(documents.BULK) else 1  # of a row
    return (
        f"SELECT {lines} * row_number() OVER () + {offset} AS file_row, "  # noqa: S608  names are quoted
        f"nullif(concat_ws('\n', {listed}), '') AS wrong_cells, "
        f"{', '.join(cells)} FROM {rows}"
    )


def converted(column: Column, given: str) -> str:
    """Value of a column's type, of a cell of the type given; null where it cannot be one."""
    wanted, cell = TYPES[column.kind], name(column.name)
    if wanted == "TIMESTAMP":
        return _time(cell, given)
    if given == wanted:
        return cell
    if wanted == "VARCHAR[]":
        return _list(cell, given)
    if wanted == "BIGINT" and given not in _INTEGERS:  # a cast would round 1.5, and take 2023.0 for an integer
        said = f"CAST({cell} AS VARCHAR)"
        return f"CASE WHEN regexp_full_match({said}, '[+-]?[0-9]+') THEN TRY_CAST({said} AS BIGINT) END"
    if given in ("INTEGER", "FLOAT", "SMALLINT", "TINYINT", "BIGINT") and wanted in ("BIGINT", "DOUBLE", "BOOLEAN"):
        return f"CAST({cell} AS {wanted})"
    return f"TRY_CAST(CAST({cell} AS VARCHAR) AS {wanted})"


def _time(cell: str, given: str) -> str:
    """Time as UTC; null for what stamps in nanoseconds cannot be, such as infinity and the years 1 and 9999."""
    if given == "VARCHAR":  # whose cast to TIMESTAMP would drop an offset
        time = f"TRY_CAST({cell} AS TIMESTAMP)"
        zoned = f"TRY_CAST({cell} AS {ZONED})"
        instant = f"CASE WHEN {cell} SIMILAR TO {literal(_OFFSET)} THEN {_instant(zoned)} ELSE {time} END"
    elif given == ZONED:
        instant = _instant(cell)
    else:
        instant = cell if given == "TIMESTAMP" else f"TRY_CAST(CAST({cell} AS VARCHAR) AS TIMESTAMP)"
    return f"CASE WHEN {instant} BETWEEN TIMESTAMP '1678-01-01' AND TIMESTAMP '2261-12-31 23:59:59' THEN {instant} END"


def _list(cell: str, given: str) -> str:
    """List of texts: an array of JSON, or a cell of a CSV with ``;`` between items."""
    if given == "VARCHAR":
        return f"CASE WHEN {cell} = '' THEN [] ELSE string_split({cell}, ';') END"
    return f"TRY_CAST({cell} AS VARCHAR[])" if given == "JSON" or given.endswith("[]") else "CAST(NULL AS VARCHAR[])"


def _instant(zoned: str) -> str:
    """The same instant without a zone, whatever zone the session has."""
    return f"CASE WHEN isfinite({zoned}) THEN make_timestamp(epoch_us({zoned})) END"


def _cell(column: Column, given: str) -> str:
    value = converted(column, given)
    if column.kind is Kind.F64:
        value = f"CASE WHEN isnan({value}) THEN NULL ELSE {value} END"  # some writers say nan for a missing value
    return f"{value} AS {name(column.name)}"


def _wrong(column: Column, given: str) -> str:
    cell = name(column.name)
    said = f"{literal(column.name + ' = ')} || left(CAST({cell} AS VARCHAR), 60)"
    return f"CASE WHEN {cell} IS NOT NULL AND {converted(column, given)} IS NULL THEN {said} END"
