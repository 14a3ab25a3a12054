"""`ghostfleet list`: what there is, one line each."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import click

from ghostfleet.spec import loading, reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def _first_line(text: str | None) -> str:
    return (text or "").strip().splitlines()[0] if text else ""


def _scenarios() -> Iterator[tuple[str, str]]:
    for name, text in loading.shipped().items():
        yield name, str(reading.read(text, f"{name}.yaml").tree.get("title", ""))


def _signals() -> Iterator[tuple[str, str]]:
    from ghostfleet import records

    for name, signal in records.found().items():
        yield name, signal.TABLE.about


def _shapes() -> Iterator[tuple[str, str]]:
    from ghostfleet import shapes

    for name, kind in shapes.kinds().items():
        yield name, _first_line(kind.__doc__)


def _incidents() -> Iterator[tuple[str, str]]:
    from ghostfleet import incidents

    for name, kind in incidents.kinds().items():
        yield name, _first_line(kind.__doc__)


def _sinks() -> Iterator[tuple[str, str]]:
    from ghostfleet import sinks

    for name, sink in sinks.found().items():
        yield f"{name}:", _first_line(sink.__doc__)


def _queries() -> Iterator[tuple[str, str]]:
    from ghostfleet import queries

    for part in files("ghostfleet.queries").iterdir():
        if part.name.endswith(".sql"):
            name = part.name.removesuffix(".sql")
            yield name, queries.query(name).title
    for name, question in queries.questions().items():
        yield name, question.title
    for name, check in queries.checks().items():
        yield name, check.title


KINDS: dict[str, Callable[[], Iterator[tuple[str, str]]]] = {
    "scenarios": _scenarios,
    "signals": _signals,
    "shapes": _shapes,
    "incidents": _incidents,
    "sinks": _sinks,
    "queries": _queries,
}


@click.command(epilog="\b\nExamples:\n  ghostfleet list scenarios\n  ghostfleet list sinks\n")
@click.argument("kind", type=click.Choice(tuple(KINDS)))
def command(kind: str) -> None:
    """List scenarios, signals, shapes, incidents, sinks or queries, one line each."""
    rows = sorted(KINDS[kind]())
    width = max((len(name) for name, _ in rows), default=0)
    for name, about in rows:
        click.echo(f"{name:<{width}}  {about}")
