"""`ghostfleet show`: the effective scenario, and where each value came from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from ghostfleet.cli import output, scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ghostfleet.spec.loading import Loaded

EPILOG = """
\b
Examples:
  ghostfleet show capacity
  GHOSTFLEET_DATA__NUM_SERVERS=50 ghostfleet show capacity --only-changed
"""


@click.command(cls=scenario.ScenarioCommand, epilog=EPILOG)
@scenario.scenario_options
@output.output_options
@click.option("--json", "as_json", is_flag=True, help="Print the effective scenario as JSON, without origins.")
@click.option("--only-changed", is_flag=True, help="Only values that differ from the scenario's own.")
@click.option("--yes", is_flag=True, hidden=True)
@click.option("--quiet", is_flag=True, hidden=True)
@click.pass_context
def command(ctx: click.Context, /, *, as_json: bool, only_changed: bool, **arguments: Any) -> None:  # noqa: ANN401  as typed
    """Print the scenario as it would be run: every value, and where it came from."""
    loaded = scenario.load(ctx, arguments)
    output.request(loaded.scenario, arguments)
    if as_json:
        click.echo(json.dumps(loaded.effective(), indent=1))
        return
    lines = list(_lines(loaded, only_changed=only_changed))
    width = max((len(text) for text, _ in lines), default=0)
    for text, origin in lines:
        click.echo(f"{text:<{min(width, 70)}}  # {origin}" if origin else text)


def _lines(loaded: Loaded, *, only_changed: bool) -> Iterator[tuple[str, str]]:
    for path, value in _leaves(loaded.effective(), ()):
        if path[0] == "parameters":
            continue
        origin = loaded.origin(path)
        strongest = loaded.layers.origin(path)
        if only_changed and (strongest is None or strongest.rank == 0):
            continue
        yield f"{'.'.join(path)}: {json.dumps(value, ensure_ascii=False)}", origin


def _leaves(tree: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value
