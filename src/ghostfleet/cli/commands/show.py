"""`ghostfleet show`: the effective scenario, and where each value came from."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import click

from ghostfleet.cli import output, scenario
from ghostfleet.spec import keys
from ghostfleet.spec.layers import SCENARIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ghostfleet.spec.loading import Loaded
    from ghostfleet.spec.reading import Path

EMPTY: tuple[object, ...] = (None, "", [], ())
WIDEST = 70  # comments begin no further right, unless a line is longer
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
NOT_PLAIN = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}  # words that some readers take for values

EPILOG = """
\b
Examples:
  ghostfleet show capacity
  ghostfleet show capacity --servers 50 > mine.yaml
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
    """Print the scenario as it would be run, as YAML: every value, and in a comment where it came from."""
    loaded = scenario.load(ctx, arguments)
    output.request(loaded.scenario, arguments)
    if as_json:
        click.echo(json.dumps(loaded.effective(), indent=1))
        return
    lines = list(_lines(loaded.effective(), (), loaded, only_changed=only_changed))
    width = min(max((len(text) for text, _ in lines), default=0), WIDEST)
    for text, origin in lines:
        click.echo(f"{text:<{width}}  # {origin}" if origin else text)


def _lines(tree: Mapping[str, Any], path: Path, loaded: Loaded, *, only_changed: bool) -> Iterator[tuple[str, str]]:
    """Lines of YAML with what stands in the comment of each; a section is shown when anything in it is."""
    for key, value in tree.items():
        here = (*path, key)
        start = f"{'  ' * len(path)}{_key(key)}:"
        is_parameter = here[0] == "parameters" and len(here) > 1
        one_value = only_changed and keys.is_one_value(here)  # laid over another, half of it would replace the whole
        if isinstance(value, dict) and value and not is_parameter and not one_value:
            below = list(_lines(value, here, loaded, only_changed=only_changed))
            if below:
                yield start, ""
                yield from below
            continue
        strongest = loaded.layers.strongest(here)
        if not only_changed or (strongest is not None and strongest.rank > SCENARIO):
            said = value
            if is_parameter and value is not None:  # a parameter of a base that was taken back is null
                said = {part: below for part, below in value.items() if below not in EMPTY}
            yield f"{start} {_flow(said)}", " ".join(_origins(here, value, loaded).split())


def _origins(here: Path, value: Any, loaded: Loaded) -> str:  # noqa: ANN401  any plain value
    """Where a value came from; of a mapping that is one value, where its parts came from if they differ."""
    if not isinstance(value, dict) or here[0] == "parameters":
        return loaded.origin(here)
    origins: dict[str, list[str]] = {}
    for part in value:
        origins.setdefault(loaded.origin((*here, part)), []).append(part)
    if len(origins) < 2:  # noqa: PLR2004  one origin for all
        return loaded.origin(here)
    return "; ".join(f"{', '.join(parts)}: {origin}" for origin, parts in origins.items())


def _key(key: str) -> str:
    return key if PLAIN.fullmatch(key) and key.lower() not in NOT_PLAIN else _flow(key)


def _flow(value: Any) -> str:  # noqa: ANN401  any plain value
    """Value on one line, as YAML 1.1 and 1.2 both read it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)}: {_flow(below)}" for key, below in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(below) for below in value) + "]"
    text = json.dumps(value, ensure_ascii=False)
    # 1e-05 is a text to readers of YAML 1.1, which want a point in a number.
    return re.sub(r"^(-?\d+)e", r"\1.0e", text) if isinstance(value, float) else text
