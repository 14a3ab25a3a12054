"""An answer for people and for programs: tables of text, JSON, or one table as CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from ghostfleet.queries.answers import moment, plain
from ghostfleet.queries.parameters import QuestionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.queries.answers import Answer, Rows

WIDEST = 60  # letters of a cell; CSV and JSON hold all of it


def as_table(answer: Answer, table: str | None = None) -> str:
    """Answer as tables for a terminal, the summary last."""
    lines = [answer.title]
    given = {name: value for name, value in answer.parameters.items() if name not in ("start", "end")}
    lines += [f"{name}: {_cell(value)}" for name, value in given.items() if value is not None]
    if answer.window:
        lines.append(f"from {moment(answer.window[0])} until {moment(answer.window[1])}")
    lines += [f"without {name}: {reason}" for name, reason in answer.lacking.items() if not answer.no_data]
    if answer.no_data:
        return "\n".join([*lines, "", f"no data: {answer.no_data}"]) + "\n"
    for name in _named(answer, table):
        lines += ["", f"{name} ({len(answer.tables[name])})", *_aligned(answer.tables[name])]
    if answer.summary and table is None:
        width = max(map(len, answer.summary))
        lines += ["", "summary", *(f"{name:{width}}  {_cell(value)}" for name, value in answer.summary.items())]
    return "\n".join(lines) + "\n"


def as_json(answer: Answer) -> str:
    """Answer as JSON."""
    return json.dumps(answer.as_dict(), indent=1, ensure_ascii=False) + "\n"


def as_csv(answer: Answer, table: str | None = None) -> str:
    """One table as CSV, the first unless another is named; lists and maps are JSON."""
    if answer.no_data:
        return ""
    rows = answer.tables[_named(answer, table)[0]]
    said = io.StringIO()
    if rows:
        writer = csv.writer(said, lineterminator="\n")
        writer.writerow(rows[0])
        writer.writerows([_csv_cell(value) for value in row.values()] for row in rows)
    return said.getvalue()


def _named(answer: Answer, table: str | None) -> Sequence[str]:
    if table is not None and table not in answer.tables:
        raise QuestionError(f"{answer.query} has no table {table}; it has {', '.join(answer.tables)}")
    return list(answer.tables) if table is None else [table]


def _aligned(rows: Rows) -> list[str]:
    if not rows:
        return []
    cells = [list(rows[0]), *([_cut(_cell(value)) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    numbers = [all(isinstance(row[name], (int, float, type(None))) for row in rows) for name in rows[0]]
    return [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numbers, strict=True)
        ).rstrip()
        for line in cells
    ]


def _cut(cell: str) -> str:
    return cell if len(cell) <= WIDEST else cell[: WIDEST - 1] + "…"


def _cell(value: Any) -> str:  # noqa: ANN401  whatever an answer holds
    """Value on one line; what a terminal would obey is shown by its number."""
    match plain(value):
        case None:
            return "–"
        case bool() as truth:
            return "yes" if truth else "no"
        case float() as number:
            return f"{number:.6g}"
        case dict() as items:
            return ", ".join(f"{key} {_cell(item)}" for key, item in items.items() if item is not None)
        case list() as items:
            return ", ".join(map(_cell, items))
        case other:
            return "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in str(other))


def _csv_cell(value: Any) -> Any:  # noqa: ANN401  whatever an answer holds
    simple = plain(value)
    return json.dumps(simple, ensure_ascii=False) if isinstance(simple, (dict, list)) else simple


__all__ = ["as_csv", "as_json", "as_table"]
