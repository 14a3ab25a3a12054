"""SQL that reads JSON objects as rows: by flat names where they nest, absent keys as null, of bulk files no actions."""

from __future__ import annotations

import json
from functools import reduce
from typing import TYPE_CHECKING, Any

from ghostfleet.core.table import Kind, flat_name
from ghostfleet.queries.sources import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from duckdb import DuckDBPyConnection

    from ghostfleet.core.table import Table
    from ghostfleet.queries.sources import Source

BULK = "ndjson"
_SAMPLES = (" LIMIT 200", " LIMIT 20000", "")  # objects to look at, more where columns are not among their keys
_ACTION = "index"  # key of the lines of a bulk file that say what to do with the next one
_ACTION_START = '{"_index":'  # its value
_MISSING, _ANY = "NULL", "JSON"  # structures of a value that is null, and of values that have little in common


def relation(store: DuckDBPyConnection, source: Source, paths: str, packing: str) -> tuple[str, dict[str, str]]:
    """SQL of the rows, and the DuckDB type of each column; ``paths`` and ``packing`` as SQL says them."""
    form = (
        "array" if source.suffix.startswith("json") and not source.suffix.startswith("jsonl") else "newline_delimited"
    )
    is_bulk = source.suffix.startswith(BULK)
    given = f"{paths}, format = '{form}', compression = '{packing}'"
    shape = _shape(store, f"read_json_objects({given})", source, is_bulk=is_bulk)
    if not shape:
        cells = [f"CAST(NULL AS VARCHAR) AS {_quoted(column.name)}" for column in source.table.columns]
        return f"(SELECT {', '.join(cells)} WHERE false)", dict.fromkeys(source.table.names, "VARCHAR")
    leaves = _leaves(shape, source.table)
    lists = {column.name for column in source.table.columns if column.kind is Kind.TEXTS}
    kinds = {name: "JSON" if name in lists else "VARCHAR" for name in leaves}
    read = {key: _type(value, (key,), leaves, kinds) for key, value in sorted(shape.items())}
    if is_bulk:
        read[_ACTION] = "VARCHAR"
    types = ", ".join(f"{_literal(key)}: {_literal(kind)}" for key, kind in read.items())
    rows = f"read_json({given}, columns = {{{types}}}, maximum_depth = 1)"
    absent = [one.name for one in source.table.columns if one.optional and one.name not in kinds]
    if all(len(path) == 1 and path[0] == name for name, path in leaves.items()) and not absent and not is_bulk:
        return rows, kinds
    cells = [f"{_extracted(path)} AS {_quoted(name)}" for name, path in leaves.items()]
    cells += [f"CAST(NULL AS VARCHAR) AS {_quoted(name)}" for name in absent]
    where = f"WHERE NOT starts_with(coalesce({_quoted(_ACTION)}, ''), {_literal(_ACTION_START)})" if is_bulk else ""
    return f"(SELECT {', '.join(cells)} FROM {rows} {where})", {**kinds, **dict.fromkeys(absent, "VARCHAR")}  # noqa: S608  quoted


def _shape(store: DuckDBPyConnection, objects: str, source: Source, *, is_bulk: bool) -> dict[str, Any]:
    """Keys of objects, nested as they are; none where there are no objects, as of a table without rows."""
    kept = f"FROM {objects}"
    if is_bulk:
        kept += f" WHERE json_extract(json, '$.{_ACTION}._index') IS NULL"
    shape: dict[str, Any] = {}
    for limit in _SAMPLES:
        # Structures of single objects are few; DuckDB's own aggregate would keep something of every object.
        said = store.execute(f"SELECT DISTINCT json_structure(json) FROM ({kept}{limit})").fetchall()  # noqa: S608
        if not said:
            return {}
        found = reduce(_joined, (json.loads(one) for (one,) in said))
        shape = found if isinstance(found, dict) else {}
        if not shape:
            raise UnreadableError(f"{source.paths[0]} holds no JSON objects")
        found_names = _leaves(shape, source.table).keys()
        missing = [column for column in source.table.columns if column.name not in found_names]
        has_objects = any(isinstance(value, dict) for value in shape.values())
        if not missing or not (has_objects or any(column.optional for column in missing)):
            break
    return shape


def _joined(one: Any, other: Any) -> Any:  # noqa: ANN401  structure of any JSON
    """Structure of values that have either one: with the keys of both objects, unless one is no object at all."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one | {key: _joined(one[key], value) if key in one else value for key, value in other.items()}
    return one if other in (one, _MISSING) else other if one == _MISSING else _ANY


def _leaves(shape: Mapping[str, Any], table: Table) -> dict[str, tuple[str, ...]]:
    """Paths of values by flat names; an object of whose name the table has a column is a value itself."""
    declared = {column.name for column in table.columns}
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted(_paths(shape, (), declared)):
        name = flat_name(".".join(path))
        if name in found:
            raise UnreadableError(f"keys {'.'.join(found[name])} and {'.'.join(path)} are the same column, {name}")
        found[name] = path
    return found


def _paths(shape: Mapping[str, Any], above: tuple[str, ...], declared: set[str]) -> Iterator[tuple[str, ...]]:
    for key, value in shape.items():
        path = (*above, key)
        if isinstance(value, dict) and flat_name(".".join(path)) not in declared:
            yield from _paths(value, path, declared)
        else:
            yield path


def _type(value: object, path: tuple[str, ...], leaves: Mapping[str, tuple[str, ...]], kinds: Mapping[str, str]) -> str:
    """DuckDB type that a key is read as."""
    name = flat_name(".".join(path))
    if leaves.get(name) == path or not isinstance(value, dict):
        return kinds.get(name, "VARCHAR")
    members = ", ".join(f"{_quoted(key)} {_type(one, (*path, key), leaves, kinds)}" for key, one in value.items())
    return f"STRUCT({members})" if members else "JSON"


def _extracted(path: tuple[str, ...]) -> str:
    cell = _quoted(path[0])
    for key in path[1:]:
        cell = f"struct_extract({cell}, {_literal(key)})"
    return cell


def _quoted(key: str) -> str:
    return '"' + key.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
