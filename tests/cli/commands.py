"""Call the command line as a user does, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def ghostfleet(
    folder: Path, *arguments: str, environment: dict[str, str] | None = None, largest_file: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``ghostfleet ARGUMENTS`` in a folder; ``largest_file`` stands in for a disk that is full."""

    def limit() -> None:
        if largest_file is not None:
            import resource

            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    clean = {name: value for name, value in os.environ.items() if not name.startswith("GHOSTFLEET_")}
    return subprocess.run(
        [sys.executable, "-m", "ghostfleet", *arguments],
        cwd=folder,
        env=clean | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        preexec_fn=limit,
        timeout=120,
    )
