"""Relations that follow from the declarations of tables alone, so that every table is checked, a plugged-in one too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ghostfleet.core.table import Kind
from ghostfleet.queries.reading import literal, name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ghostfleet.core.table import Column, Table

    Has = Callable[[str, str], bool]

NUMBERS = (Kind.F64, Kind.I64)


def derived(relation: str, tables: Sequence[Table], has: Has) -> tuple[str, str] | None:
    """SELECT of a relation, or why there is none of it; None for a name that means none.

    ``has`` says whether a table has a column. Each relation has ``table_name`` and ``file_row``:
    ``wrong_values(wrong_cells)``, ``values_outside(column_name, value, low, high)``, ``doubled_rows(key, times)``; of a
    graph ``graph_nodes(id, name, environment)`` and ``graph_links(from_label, from_id, to_label, to_id)``.
    """
    makers = {
        "wrong_values": _wrong,
        "values_outside": _outside,
        "doubled_rows": _doubled,
        "graph_nodes": _nodes,
        "graph_links": _links,
    }
    if relation not in makers:
        return None
    parts: list[str] = []
    for table in tables:
        wanted, select = makers[relation](table)
        lacking = [column for column in wanted if not has(table.name, column)]
        if lacking:
            return "", f"{table.name} has no column {', '.join(lacking)}"
        parts += select(has)
    return ("\nUNION ALL\n".join(parts), "") if parts else ("", "no table declares it")


def _wrong(table: Table) -> tuple[list[str], Callable[[Has], Iterator[str]]]:
    def select(_: Has) -> Iterator[str]:
        yield (
            f"SELECT {literal(table.name)} AS table_name, file_row, wrong_cells FROM {name(table.name)} "  # noqa: S608  quoted
            "WHERE wrong_cells IS NOT NULL"
        )

    return [], select


def _outside(table: Table) -> tuple[list[str], Callable[[Has], Iterator[str]]]:
    bounded = [
        column
        for column in table.columns
        if column.kind in NUMBERS and (column.low is not None or column.high is not None)
    ]

    def select(has: Has) -> Iterator[str]:
        for column in bounded:
            if has(table.name, column.name):
                yield (
                    f"SELECT {literal(table.name)} AS table_name, file_row, {literal(column.name)} AS column_name, "  # noqa: S608  quoted
                    f"CAST({name(column.name)} AS DOUBLE) AS value, {_bound(column.low)} AS low, "
                    f"{_bound(column.high)} AS high FROM {name(table.name)} WHERE {_beyond(column)}"
                )

    return [column.name for column in bounded if not column.group], select


def _bound(bound: float | None) -> str:
    return "CAST(NULL AS DOUBLE)" if bound is None else f"CAST({bound!r} AS DOUBLE)"


def _beyond(column: Column) -> str:
    sides = [
        f"{name(column.name)} {sign} {bound!r}"
        for sign, bound in (("<", column.low), (">", column.high))
        if bound is not None
    ]
    return " OR ".join(sides)


def _doubled(table: Table) -> tuple[list[str], Callable[[Has], Iterator[str]]]:
    def select(_: Has) -> Iterator[str]:
        if table.keys:
            keys = [name(key) for key in table.keys]
            there = " AND ".join(f"{key} IS NOT NULL" for key in keys)
            yield (
                f"SELECT {literal(table.name)} AS table_name, concat_ws(', ', {', '.join(keys)}) AS key, "  # noqa: S608  quoted
                f"count(*) AS times, max(file_row) AS file_row FROM {name(table.name)} "
                f"WHERE {there} GROUP BY {', '.join(keys)} HAVING count(*) > 1"
            )

    return list(table.keys), select


def _nodes(table: Table) -> tuple[list[str], Callable[[Has], Iterator[str]]]:
    if table.form != "node":
        return [], _no_part

    def select(has: Has) -> Iterator[str]:
        environment = "environment" if has(table.name, "environment") else "CAST(NULL AS VARCHAR) AS environment"
        yield (
            f"SELECT {literal(table.name)} AS table_name, file_row, id, name, {environment} FROM {name(table.name)}"  # noqa: S608  quoted
        )

    return ["id", "name"], select


def _links(table: Table) -> tuple[list[str], Callable[[Has], Iterator[str]]]:
    if table.form != "link":
        return [], _no_part

    def select(_: Has) -> Iterator[str]:
        yield (
            f"SELECT {literal(table.name)} AS table_name, file_row, from_label, from_id, to_label, to_id "  # noqa: S608  quoted
            f"FROM {name(table.name)}"
        )

    return ["from_label", "from_id", "to_label", "to_id"], select


def _no_part(_: Has) -> Iterator[str]:
    yield from ()


__all__ = ["derived"]
