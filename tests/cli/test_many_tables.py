"""Many tables are told of group by group, few one by one; unknown names are answered with every group there is."""

from __future__ import annotations

import json
from itertools import product
from typing import TYPE_CHECKING

import pytest

from ghostfleet import records
from ghostfleet.cli import groups
from ghostfleet.core.errors import ScenarioError
from tests.cli.commands import ghostfleet

if TYPE_CHECKING:
    from pathlib import Path

ALL = [one.TABLE for one in records.found().values()]
ROWS = {table.name: 1_000 + place for place, table in enumerate(ALL)}


def test_every_row_is_told_of_in_one_group_of_short_lines() -> None:
    told = "\n".join(groups.lines(ALL, ROWS))
    counts = [int(line.split(" rows")[0].split()[-1].replace(",", "")) for line in told.splitlines() if " rows" in line]
    assert sum(counts) == sum(ROWS.values())
    assert [line.split(":")[0].strip() for line in told.splitlines() if ": " in line] == [
        "telemetry", "graph", "requests", "records",
    ]  # fmt: skip
    assert max(map(len, told.splitlines())) <= groups.WIDTH
    assert all(table.name in told for table in ALL if table.form == "rows")
    assert "graph: 13 kinds of nodes, 20 of links, " in told


def test_verbose_names_every_table_with_its_rows() -> None:
    told = [line.strip() for line in groups.lines(ALL, ROWS, verbose=True)]
    assert {f"{name}: {rows:,} rows" for name, rows in ROWS.items()} < set(told)


@pytest.mark.parametrize(("form", "said"), [("node", "13 kinds of nodes"), ("link", "20 kinds of links")])
def test_half_a_graph_says_which_half(form: str, said: str) -> None:
    assert groups.kinds([table for table in ALL if table.form == form]) == said


def test_a_graph_is_planned_and_written_in_a_few_lines(tmp_path: Path) -> None:
    planned = ghostfleet(tmp_path, "plan", "small")
    assert (planned.returncode, planned.stderr, "  graph: 13 kinds of nodes, " in planned.stdout) == (0, "", True)
    assert planned.stdout.count("\n") < 8
    written = ghostfleet(tmp_path, "generate", "small", "--only", "graph", "--to", "a/")
    assert written.stdout.count("\n") < 8
    assert "a: 13 kinds of nodes, 20 of links, 55 rows, " in written.stdout
    assert "statistics of each column: a/manifest.json and --verbose" in written.stdout
    verbose = ghostfleet(tmp_path, "generate", "small", "--only", "graph", "--to", "b/", "--verbose")
    manifest = json.loads((tmp_path / "b/manifest.json").read_text())
    assert all(f"b/{one['name']}: {one['rows']:,} rows" in verbose.stdout for one in manifest["tables"])
    assert all(
        f"  {one['table']} " in verbose.stdout for one in manifest["tables"] if one["rows"] and one["statistics"]
    )


def test_an_unknown_table_is_answered_with_every_group_that_has_tables() -> None:
    known = {one.TABLE.group for one in records.found().values()}
    assert known == {"telemetry", "graph", "requests", "records"}
    for ask, name in product((records.named, records.signal), ("nonsense", "sampled_transactions", "topology")):
        with pytest.raises(
            ScenarioError, match=rf"there is no table {name}; known are .*incident_metrics.* groups "
        ) as e:
            ask(name)
        assert set(str(e.value).rpartition("the groups ")[2].split(", ")) == known
    assert set().union(*(records.named(group) for group in known)) == set(records.found())


def test_the_summary_counts_the_rows_that_were_written(tmp_path: Path) -> None:
    """Of events a plan knows only how many are expected."""
    window = ("--from", "2025-03-05", "--until", "2025-03-06", "--only", "changes,security_events")
    done = ghostfleet(tmp_path, "generate", "estate", *window, "--to", "out/")
    told = [
        int(line.split(": ")[1].split(" rows")[0].replace(",", ""))
        for line in done.stdout.splitlines()
        if "out/" in line
    ]
    assert len(told) == 2
    assert done.stdout.startswith(f"{sum(told):,} rows, ")
