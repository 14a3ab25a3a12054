"""Many tables told of in a few lines, group by group."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from ghostfleet.core.table import GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ghostfleet.core.table import Table

MOST_NAMED = 6  # tables that are told of one by one whatever their group
WIDTH = 100
INDENT = "  "


def by_group(tables: Sequence[Table]) -> Iterator[tuple[str, list[Table]]]:
    """Groups that have tables, in the order of `GROUPS`."""
    for group in GROUPS:
        found = [table for table in tables if table.group == group]
        if found:
            yield group, found


def is_summed(group: str, tables: Sequence[Table]) -> bool:
    """Whether a group's tables are told of as one: those of a graph, each of which holds a kind of node or link."""
    return group == "graph" and len(tables) > MOST_NAMED


def kinds(tables: Sequence[Table]) -> str:
    """What a graph's tables are: 13 kinds of nodes, 20 of links."""
    nodes = sum(table.form == "node" for table in tables)
    links = len(tables) - nodes
    if not nodes or not links:
        return f"{nodes or links} kinds of {'nodes' if nodes else 'links'}"
    return f"{nodes} kinds of nodes, {links} of links"


def lines(tables: Sequence[Table], rows: Mapping[str, int], *, verbose: bool = False) -> list[str]:
    """What each group holds, a paragraph each; ``verbose``: table by table."""
    told = []
    for group, found in by_group(tables):
        count = f"{sum(rows[table.name] for table in found):,} rows"
        if verbose:
            told += [
                f"{INDENT}{group}: {count}",
                *(f"{INDENT * 2}{one.name}: {rows[one.name]:,} rows" for one in found),
            ]
        elif is_summed(group, found):
            told.append(f"{INDENT}{group}: {kinds(found)}, {count}")
        else:
            told += paragraph(f"{group}: {count} of {', '.join(table.name for table in found)}")
    return told


def paragraph(text: str) -> list[str]:
    """Lines of a text, those after the first further in."""
    return wrap(
        text, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT * 2, break_long_words=False, break_on_hyphens=False
    )
