"""Open a data set with what is expected of it, run its checks, and say when."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from ghostfleet import records
from ghostfleet.cli import scenario
from ghostfleet.queries import Report, UnreadableError, names_at, open_data, validate, validate_url
from ghostfleet.run import expectations, surroundings
from ghostfleet.spec import loading, reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ghostfleet.core.table import Table
    from ghostfleet.queries import Data
    from ghostfleet.run.expectations import Expectations
    from ghostfleet.spec.scenario import Scenario

DEFAULT_SCENARIO = "capacity"


def scenario_option(command: Any) -> Any:  # noqa: ANN401  a decorator, as click's own are
    """Add the scenario of data sets that have no manifest."""
    return click.option(
        "--scenario",
        "scenario_name",
        metavar="NAME",
        help="What to expect of data without a manifest: a shipped scenario or a YAML file  "
        "[default: the shipped one that has most of the tables that lie there, or capacity]",
    )(command)


def fallback(url: str | None, scenario_name: str | None) -> Scenario:
    """Scenario of data without a manifest: the one that is named, or the shipped one that best fits what lies there."""
    found = [] if url is None or scenario_name is not None else names_at(url)
    shipped = loading.shipped() if found else {}
    fits = {name: _fit(found, reading.read(text, f"{name}.yaml").tree) for name, text in shipped.items()}
    best = max(fits, key=lambda name: fits[name], default=DEFAULT_SCENARIO)
    is_known = best in fits and fits[best][0]
    return loading.load(scenario.find(scenario_name or (best if is_known else DEFAULT_SCENARIO))).scenario


def _fit(found: Sequence[str], tree: Mapping[str, Any]) -> tuple[int, bool, int, int]:
    """How well a scenario's tables are those found: how many, then whether it is no variation of another one.

    Then how many it lists itself and not in a group; of variations, how few it lists that were not found.
    """
    named = {table: table == one for one in tree.get("tables", ()) for table in records.named(one)}
    stems = {table: (table, records.signal(table).TABLE.file_stem) for table in named}
    there = [{table for table, both in stems.items() if one.startswith(both)} for one in found]
    itself = sum(any(named[table] for table in tables) for tables in there)
    is_first = "extends" not in tree
    return sum(map(bool, there)), is_first, itself, 0 if is_first else -len(named)


def expected(url: str, scenario_name: str | None, *, quiet: bool = True) -> Expectations:
    """What the data set at a URL should look like; unless ``quiet``, say so where that is a guess."""
    wanted = expectations.of(url, lambda: fallback(url, scenario_name))
    is_guess = not wanted.extents and scenario_name is None
    if is_guess and not quiet and any({one.name, one.file_stem} & set(names_at(url)) for one in wanted.tables):
        name = wanted.scenario.scenario
        click.echo(f"{url}: no manifest says what made it; taken for {name}, unless you say --scenario NAME", err=True)
    return wanted


@contextmanager
def opened(url: str, wanted: Expectations, truth: Sequence[Table] = ()) -> Iterator[Data]:
    """Open a data set together with its expectations; `UnreadableError` when it cannot be read."""
    with open_data(url, wanted.tables, truth=truth) as data:
        for name, rows in wanted.of_rows(data).items():
            data.add_rows(name, rows)
        yield data


def judged(data: Data) -> Report:
    """Verdicts on an open data set."""
    return validate(data, at=surroundings.now().strftime("%Y-%m-%dT%H:%M:%SZ"))


def judge(url: str, wanted: Expectations) -> Report:
    """Verdicts on the data set at a URL; one that cannot be read fails the check of that name."""
    try:
        with opened(url, wanted) as data:
            return judged(data)
    except UnreadableError:
        return validate_url(url, wanted.tables, at=surroundings.now().strftime("%Y-%m-%dT%H:%M:%SZ"))
