"""`ghostfleet schema`: JSON Schema of scenario files, for editors."""

from __future__ import annotations

import json

import click

from ghostfleet.spec import schema


@click.command(epilog="\b\nExample:\n  ghostfleet schema > scenario.schema.json\n")
def command() -> None:
    """Print the JSON Schema of scenario files."""
    click.echo(json.dumps(schema.published(), indent=2, ensure_ascii=False))
