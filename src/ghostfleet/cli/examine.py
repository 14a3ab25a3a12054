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
    from collections.abc import Iterator, Sequence

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
    """Scenario of data without a manifest: the one that is named, or the shipped one that best fits what lies there.

    That is the one whose tables are most of those found; one that lists a table itself goes before one that lists a
    group of tables.
    """
    found = [] if url is None or scenario_name is not None else names_at(url)
    shipped = loading.shipped() if found else {}
    documents = {name: reading.read(text, f"{name}.yaml") for name, text in shipped.items()}
    listed = {name: one.tree["tables"] for name, one in documents.items() if one.tree.get("extends") is None}
    best, most = DEFAULT_SCENARIO, 0
    for is_group in (False, True):
        for name, tables in listed.items():
            named = [table for one in tables for table in records.named(one) if (table != one) is is_group]
            stems = tuple(stem for table in named for stem in (table, records.signal(table).TABLE.file_stem))
            count = sum(one.startswith(stems) for one in found)
            if count > most:
                best, most = name, count
    return loading.load(scenario.find(scenario_name or best)).scenario


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
