"""Which table a file holds: the one that was named, or the one whose columns its first documents have.

Where several have the same columns, the name of the file may tell which it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from ghostfleet import records, truth
from ghostfleet.core.errors import DataError, ScenarioError
from ghostfleet.run.loader.rows import NO_JSON, Rows, said_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ghostfleet.core.table import Table

FIRST = 100  # documents that are looked at
PART = re.compile(r"-\d{5}-of-\d{5}$")
DECODER = msgspec.json.Decoder(dict[str, Any])


def known() -> dict[str, Table]:
    """Every table by its name."""
    found = {name: signal.TABLE for name, signal in records.found().items()}
    return {**found, **{table.name: table for table in truth.TABLES}}


def table_of(path: Path, name: str | None, texts: Sequence[bytes]) -> Table:
    """Table of a file, given its first documents; `ScenarioError` or `DataError` where none, or none alone, is meant.

    Groups of columns that none of the documents has were switched off when they were made.
    """
    documents = [document for text in texts[:FIRST] if (document := _document(text)) is not None]
    if name is not None:
        return _as_made(_named(name), documents)
    if not documents:
        msg = f"{path}: no document is a JSON object{_why(texts)}; name the table with --table to see what is wrong"
        raise DataError(msg)
    fitting = _best({one.name: (one, _fits(one, documents)) for one in known().values()})
    if len(fitting) > 1:
        made = [_as_made(table, documents) for table in fitting]
        fitting = _best({one.name: (one, _accepted(one, texts)) for one in made}) or fitting
        named = [table for table in fitting if _stem(path) in (table.name, table.file_stem)]
        observed = [table for table in fitting if table.group != "records"]  # of which some records are samples
        fitting = next((some for some in (named, observed) if len(some) == 1), fitting)
    if not fitting:
        raise DataError(f"{path}: {_nearest(documents[0])}; name the table with --table to see what is wrong")
    if len(fitting) > 1:
        names = ", ".join(sorted(table.name for table in fitting))
        msg = f"{path} may hold any of the tables {names}: they have the same columns; name one with --table"
        raise ScenarioError(msg)
    return _as_made(fitting[0], documents)


def _stem(path: Path) -> str:
    """Name of a file without its suffixes, and without which part of a table it is."""
    return PART.sub("", path.name.partition(".")[0])


def _document(text: bytes) -> dict[str, Any] | None:
    try:
        return DECODER.decode(text)
    except NO_JSON:
        return None


def _why(texts: Sequence[bytes]) -> str:
    for text in texts[:1]:
        try:
            DECODER.decode(text)
        except msgspec.ValidationError:
            return ", but another value"
        except NO_JSON as error:
            return f" (the first one: {said_of(error, next(iter(known().values())))})"
    return ""


def _named(name: str) -> Table:
    tables = known()
    if name in tables:
        return tables[name]
    return records.signal(name).TABLE  # which says what there is


def _best(counted: dict[str, tuple[Table, int]]) -> list[Table]:
    most = max(count for _, count in counted.values())
    return [table for table, count in counted.values() if count == most > 0]


def _fits(table: Table, documents: Sequence[dict[str, Any]]) -> int:
    """Documents that have all columns that must be there, and no others."""
    made = _as_made(table, documents)
    needed = {column.name for column in made.columns if not column.nullable}
    return sum(needed <= _keys(table, document) <= set(made.names) for document in documents)


def _accepted(table: Table, texts: Sequence[bytes]) -> int:
    rows = Rows(table)
    return sum(map(rows.accepts, texts[:FIRST]))


def _as_made(table: Table, documents: Sequence[dict[str, Any]]) -> Table:
    """Table without the groups of columns that no document has."""
    groups = {column.group for column in table.columns if column.group}
    if not groups or not documents:
        return table
    given = set[str]().union(*(_keys(table, document) for document in documents))
    there = {column.group for column in table.columns if column.name in given}
    return table.without(frozenset(groups - there))


def _keys(table: Table, document: dict[str, Any]) -> set[str]:
    return set(_dotted(document, "")) if table.form == "document" else set(document)


def _dotted(document: dict[str, Any], above: str) -> list[str]:
    names = []
    for key, value in document.items():
        names += _dotted(value, f"{above}{key}.") if isinstance(value, dict) else [f"{above}{key}"]
    return names


def _nearest(document: dict[str, Any]) -> str:
    """Say which table has most of the columns of a document, and what does not fit."""
    tables = list(known().values())
    table = max(tables, key=lambda one: len(set(one.names) & set(_keys(one, document))) / len(one.names))
    keys, names = set(_keys(table, document)), set(table.names)
    if not keys & names:
        return f"no table has the columns {', '.join(document)}"
    lacking = sorted({one.name for one in table.columns if not one.nullable} - keys)
    said = [
        *([f"lacks {', '.join(lacking)}"] if lacking else []),
        *([f"has the unknown {', '.join(sorted(keys - names))}"] if keys - names else []),
    ]
    return f"no table has its columns; the nearest is {table.name}, of which the first document {' and '.join(said)}"
