"""How hard an estate is to tell from real systems: ``python -m bench.estate_realism --tool TOOL --real FILE …``.

Services and databases (requests, latency, errors) are judged together, services alone, and the hosts by themselves. The
tool is the one of `hosts_realism`. Nothing goes wrong in what is judged, as incidents are not what is compared.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.estate_long import reshape
from bench.hosts_realism import parsed, parser, said, summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.hosts_realism import Judge, Scores

PARTS = {
    "services and databases": ("system_metrics", "database_metrics"),
    "services": ("system_metrics",),
    "hosts": ("host_metrics",),
}
SCALE = 2  # copies of the business units: the tool wants forty services and more
SINCE, UNTIL = "2025-03-03", "2025-03-17"


def scores(judge: Judge, seed: int, parts: Sequence[str], assignments: Sequence[str]) -> dict[str, Scores]:
    """AUC by kind of each part of the estate of a seed."""
    tables = sorted({table for part in parts for table in PARTS[part]})
    with TemporaryDirectory(prefix="ghostfleet-bench-") as folder:
        said(
            sys.executable, "-m", "ghostfleet", "generate", "estate", "--seed", str(seed), "--no-incidents",
            "--from", SINCE, "--until", UNTIL, "--only", ",".join(tables), "--to", folder,
            "--format", "parquet", "--workers", "1", "--yes", "--quiet",
            *(word for one in (f"estate.scale={SCALE}", *assignments) for word in ("--set", one)),
        )  # fmt: skip
        found = {}
        for part in parts:
            long = Path(folder, "long.parquet")
            reshape(Path(folder), PARTS[part], long)
            found[part] = judge.compared(long)
        return found


def main() -> int:
    """Print AUCs seed by seed, their mean and their deviation, a table for each part."""
    flags = parser("Compare estates of several seeds with real data.")
    flags.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    arguments, judge = parsed(flags)
    if judge is None:
        return 0
    by_seed = [scores(judge, seed, arguments.only, arguments.set) for seed in arguments.seeds]
    for part in arguments.only:
        print(f"\n{part}\n\n{summary(arguments.seeds, [one[part] for one in by_seed])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
