"""Bytes of the capacity data set on disk against the 3.33 MB of the original program: ``python -m bench.size``."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measuring import Line, conclude, generate, run

ORIGINAL_BYTES = 3_331_800  # 175,320 rows of the original program, gzip level 9 (shared/performance.md, A)
GOALS = {"fast": 1.25, "small": 1.06}


def main() -> int:
    """Write with each codec and compare."""
    lines = []
    with TemporaryDirectory(prefix="ghostfleet-bench-") as folder:
        for codec, goal in GOALS.items():
            cost = run(generate(Path(folder) / codec, "--codec", codec))
            size = (Path(folder) / codec / "server_metrics_full.csv.gz").stat().st_size
            about = f"{size:,} bytes, {cost.cpu_s:.2f} CPU-s"
            lines.append(Line(f"--codec {codec}", size / ORIGINAL_BYTES, goal, about=about))
    return conclude("size of server_metrics_full.csv.gz, of 3.33 MB", lines)


if __name__ == "__main__":
    sys.exit(main())
