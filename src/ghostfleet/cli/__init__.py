"""The command line: one module per command, imported when it is called."""

from __future__ import annotations

import gc
import sys

from ghostfleet.run.surroundings import keep_freed_memory, one_thread_each

INTERRUPTED = 130


def main() -> None:
    """Run the command that the arguments name and leave with its exit code."""
    # Batches free themselves, and what a command makes besides lives as long as it does: collecting cycles while
    # modules are imported costs a twentieth of a cold run and frees nothing.
    gc.disable()
    one_thread_each()  # before anything imports numpy
    keep_freed_memory()
    try:
        from ghostfleet.cli.root import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # while modules were imported: nothing has begun
        sys.stderr.write("Interrupted.\n")
        code = INTERRUPTED
    gc.freeze()  # or the interpreter, on its way out, looks for cycles in all that was ever imported
    sys.exit(code)
