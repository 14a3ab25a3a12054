"""`ghostfleet verify`: regenerate and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ghostfleet.cli import output, scenario
from ghostfleet.core.errors import DataError, ScenarioError
from ghostfleet.run import beside, manifest, verification

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ghostfleet.run.manifest import Manifest
    from ghostfleet.spec.scenario import Scenario

EPILOG = """
\b
Examples:
  ghostfleet verify out/
  ghostfleet verify out/fleet.duckdb --full
  ghostfleet verify out/ --scenario capacity --servers 50
"""


@click.command(cls=scenario.ScenarioOptionCommand, epilog=EPILOG)
@click.argument("url", metavar="DIR")
@click.option("--full", is_flag=True, help="Make everything again, not a sample.")
@click.option(
    scenario.OPTION,
    "scenario_name",
    metavar="NAME",
    help="Scenario of data whose manifest is blind or gone: a shipped name or a YAML file. It adds its own flags.",
)
@scenario.setting_options
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.pass_context
def command(ctx: click.Context, /, *, url: str, full: bool, quiet: bool, **arguments: Any) -> int:  # noqa: ANN401  as typed
    """Compare what is stored in DIR (or a file or store) with its manifest, and make a sample of it again.

    Without a manifest, give the scenario: everything is made again and compared.
    """
    known = _scenario(ctx, arguments)
    paths = _manifests(url)
    if known is None and not any(path.exists() for path in paths) and verification.of_loads(url, ()).parts:
        return _loaded(url, (), quiet=quiet)
    if known is not None and not any(path.exists() for path in paths):
        return _without_manifest(url, known, quiet=quiet)
    records = [manifest.read(path) for path in paths]
    beside.ensure_same_set(records)
    missing = beside.missing_parts(records)
    failed = bool(missing) and len(records) > 1  # one part may be verified where it was made
    for number, parts in missing:
        click.echo(f"{url} lacks part {number} of {parts}", err=True)
    for path, record in zip(paths, records, strict=True):
        with output.progress(verification.rows_to_make(record, full=full), "verifying", quiet=quiet) as watch:
            result = verification.verify(url, record, scenario=known, full=full, watch=watch)
        for problem in (*result.remarks, *result.problems):
            click.echo(problem, err=True)
        failed |= bool(result.problems)
        if not result.problems and not quiet:
            click.echo(
                f"{path}: {result.rows:,} rows in {output.count(result.parts, 'part')} agree with the manifest; "
                f"{result.regenerated} of them made again, identical"
            )
    for problem in [] if missing else verification.untold(url, records):
        click.echo(problem, err=True)
        failed = True
    return 1 if _loaded(url, records, quiet=quiet) or failed else 0


def _loaded(url: str, records: Sequence[Manifest], *, quiet: bool) -> int:
    """Compare what was loaded from files, which no manifest tells of, with what the loads left."""
    result = verification.of_loads(url, records)
    for problem in (*result.remarks, *result.problems):
        click.echo(problem, err=True)
    if result.parts and not result.problems and not quiet:
        click.echo(
            f"{url}: {output.count(result.parts, 'table')}, loaded and not generated, as the load left "
            f"{'it' if result.parts == 1 else 'them'}; what is in a file that was loaded cannot be made again"
        )
    return 1 if result.problems else 0


def _scenario(ctx: click.Context, arguments: Mapping[str, Any]) -> Scenario | None:
    if arguments["scenario_name"] is not None:
        return scenario.load(ctx, arguments).scenario
    given = next((name for name in ("config", "assignments", "seed") if arguments[name] not in (None, ())), None)
    if given is not None:
        msg = f"--{'set' if given == 'assignments' else given} says something of a scenario; name it with --scenario"
        raise ScenarioError(msg)
    return None


def _without_manifest(url: str, known: Scenario, *, quiet: bool) -> int:
    with output.progress(verification.rows_of(known), "verifying", quiet=quiet) as watch:
        result = verification.compare(url, known, watch)
    for problem in result.problems:
        click.echo(problem, err=True)
    if not result.problems and not quiet:
        click.echo(f"{url}: {result.rows:,} rows are those that the scenario {known.scenario} makes, all made again")
    return 1 if result.problems else 0


def _manifests(url: str) -> list[Path]:
    """One manifest, or one for each part of a set made by several machines, or for each window in a store."""
    path = manifest.place(url)
    if path is None:
        msg = f"{url} keeps nothing that could be verified"
        raise DataError(msg)
    others = [*beside.parts_beside(path), *beside.earlier_beside(path)]
    return [path, *others] if path.exists() or not others else others
