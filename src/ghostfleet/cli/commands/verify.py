"""`ghostfleet verify`: regenerate and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ghostfleet.cli import output, scenario
from ghostfleet.core.errors import DataError
from ghostfleet.run import manifest, verification
from ghostfleet.spec import loading

if TYPE_CHECKING:
    from pathlib import Path

EPILOG = """
\b
Examples:
  ghostfleet verify out/
  ghostfleet verify duckdb:out/fleet.duckdb --full
"""


@click.command(epilog=EPILOG)
@click.argument("url", metavar="DIR")
@click.option("--full", is_flag=True, help="Make everything again, not a sample.")
@click.option("--scenario", "scenario_name", metavar="FILE", help="Scenario of a data set whose manifest is blind.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def command(url: str, *, full: bool, scenario_name: str | None, quiet: bool) -> int:
    """Compare what is stored in DIR (or a file or store) with its manifest, and make a sample of it again."""
    paths = _manifests(url)
    failed = False
    for path in paths:
        record = manifest.read(path)
        known = loading.load(scenario.find(scenario_name)).scenario if scenario_name else None
        with output.progress(sum(w.rows for w in record.written), "verifying", quiet=quiet) as watch:
            result = verification.verify(url, record, scenario=known, full=full, watch=watch)
        for problem in (*result.remarks, *result.problems):
            click.echo(problem, err=True)
        failed |= bool(result.problems)
        if not result.problems and not quiet:
            click.echo(
                f"{path}: {result.rows:,} rows in {output.count(result.parts, 'part')} agree with the manifest; "
                f"{result.regenerated} of them made again, identical"
            )
    return 1 if failed else 0


def _manifests(url: str) -> list[Path]:
    """One manifest, or one for each part of a set made by several machines."""
    path = manifest.place(url)
    if path is None:
        msg = f"{url} keeps nothing that could be verified"
        raise DataError(msg)
    parts = sorted(path.parent.glob(path.name.replace("manifest.json", "manifest-*-of-*.json")))
    return [path, *parts] if path.exists() or not parts else parts
