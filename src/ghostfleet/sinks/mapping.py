"""Mappings of search indexes: the type of each column that bulk files hold, nested where names of columns have dots."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ghostfleet.core.table import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.table import Column, Table

ONLY = "mapping.json"  # the documented name, where a folder has one index
MOST_INTEGER = 2**31 - 1
LONGEST_KEYWORD = 256  # letters of a text that can be counted and sorted by
FINEST_DATE = 1_000  # a second, for an index; what is finer needs another type
TYPES = {Kind.TEXT: "keyword", Kind.TEXTS: "keyword", Kind.F64: "float", Kind.BOOL: "boolean"}


def mappings(tables: Sequence[Table]) -> dict[str, str]:
    """Text of each file by its name: one for every index that the tables name. Nodes and links of a graph have none."""
    found: dict[str, dict[str, Any]] = {}
    for table in tables:
        if table.form in ("rows", "document"):
            properties = found.setdefault(table.index or table.name, {})
            for column in table.columns:
                _put(properties, column.name.split("."), _type(column))
    texts = {index: json.dumps({"mappings": {"properties": one}}, indent=1) + "\n" for index, one in found.items()}
    return {ONLY if len(texts) == 1 else f"{index}_{ONLY}": text for index, text in texts.items()}


def _put(properties: dict[str, Any], path: Sequence[str], kind: dict[str, Any]) -> None:
    for name in path[:-1]:
        properties = properties.setdefault(name, {"type": "object", "properties": {}})["properties"]
    properties[path[-1]] = kind


def _type(column: Column) -> dict[str, Any]:
    """Type of a column: as its kind says, unless the column says more."""
    if column.search == "text":
        exact = {"type": "keyword", "ignore_above": LONGEST_KEYWORD}
        return {"type": "text", "fields": {"keyword": exact}}
    if column.search:
        return {"type": column.search}
    if column.kind is Kind.TIME:
        return {"type": "date" if column.per_second <= FINEST_DATE else "date_nanos"}
    if column.kind is Kind.I64:
        is_small = column.unit == "ms" or (column.high is not None and column.high <= MOST_INTEGER)
        return {"type": "integer" if is_small else "long"}
    return {"type": TYPES[column.kind]}
