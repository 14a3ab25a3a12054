"""The `ghostfleet` command: finds its subcommands in a folder, and turns errors into messages and exit codes."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import click

from ghostfleet import __version__
from ghostfleet.cli import INTERRUPTED, commands
from ghostfleet.core.errors import DataError, GhostfleetError, SinkError

if TYPE_CHECKING:
    from collections.abc import Sequence

GENERATE = "generate"  # whose parts stay for the next time
BROKEN_PIPE = 141

EPILOG = """
\b
Examples:
  ghostfleet generate capacity --to out/
  ghostfleet validate out/
  ghostfleet report out/
  ghostfleet list scenarios
"""


class Commands(click.Group):
    """Subcommands are the modules of `ghostfleet.cli.commands`; only the called one is imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Names of all commands."""
        return sorted(module.name for module in iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Command of that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"{commands.__name__}.{cmd_name}").command
        return command


@click.command(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ghostfleet")
def root() -> None:
    """Realistic operations data for an estate that does not exist."""


def run(arguments: Sequence[str]) -> int:
    """Run a command line; the result is the exit code.

    0 success, 1 a check failed, 2 bad input, 3 a destination failed, 4 data cannot be read, 130 interrupted.
    """
    try:
        code = root.main(list(arguments), prog_name="ghostfleet", standalone_mode=False)
        sys.stdout.flush()  # while there is still somebody to say that it could not be written
    except click.exceptions.Abort:
        return _interrupted(arguments)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except GhostfleetError as error:
        click.echo(f"Error: {error}", err=True)
        return error.exit_code
    except OSError as error:
        return _unforeseen(error)
    return code if isinstance(code, int) else 0


def _interrupted(arguments: Sequence[str]) -> int:
    is_kept = list(arguments[:1]) == [GENERATE]
    click.echo(
        "Interrupted; the same command takes up where this one stopped." if is_kept else "Interrupted.", err=True
    )
    return INTERRUPTED


def _unforeseen(error: OSError) -> int:
    """Say what no destination and no data set said: the output is gone or full, or a path is closed to us."""
    if error.filename is not None:
        click.echo(f"Error: {error.filename} cannot be looked at: {error.strerror}", err=True)
        return DataError.exit_code
    # Nothing more may be written, or the interpreter complains at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return BROKEN_PIPE
    click.echo(f"Error: cannot write to standard output: {error.strerror}", err=True)
    return SinkError.exit_code
