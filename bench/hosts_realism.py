"""How hard `hosts` is to tell from real hosts: ``python -m bench.hosts_realism --tool TOOL --real FILE …``.

The tool is a two-sample test that takes ``--real`` and ``--synth`` files in long form and ends with a line of JSON; an
AUC of 0.5 is "cannot be told apart". It needs scikit-learn, pandas and pycatch22, so ``--python`` says what runs it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.hosts_long import reshape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SEEDS = (1, 2, 3)
MEAN, CROSS, FORECAST = "mean of kinds", "cross", "forecast ratio"

Scores = dict[str, float]


@dataclass(frozen=True, slots=True)
class Judge:
    """The tool, what runs it, what it compares with, and options passed on to it."""

    python: str
    tool: str
    real: tuple[str, ...]
    options: tuple[str, ...]

    def scores(self, seed: int, assignments: Sequence[str] = ()) -> Scores:
        """AUC by kind of the data set of a seed, with some keys of the scenario set."""
        with TemporaryDirectory(prefix="ghostfleet-bench-") as folder:
            said(
                sys.executable, "-m", "ghostfleet", "generate", "hosts", "--seed", str(seed), "--to", folder,
                "--format", "parquet", "--workers", "1", "--yes", "--quiet",
                *(part for one in assignments for part in ("--set", one)),
            )  # fmt: skip
            long = Path(folder, "long.parquet")
            reshape(Path(folder, "host_metrics.parquet"), long)
            return self.compared(long)

    def compared(self, long: Path) -> Scores:
        """AUC by kind of a file in long form."""
        text = said(self.python, self.tool, "--real", *self.real, "--synth", str(long), *self.options)
        result = json.loads(text.strip().rpartition("\n")[2])
        scores: Scores = dict(result["auc_by_kind"])
        scores |= {
            name: result[key]
            for name, key in ((MEAN, "auc_macro"), (CROSS, "auc_cross"), (FORECAST, "tstr"))
            if key in result
        }
        return scores

    def all_scores(self, tasks: Sequence[tuple[int, Sequence[str]]], jobs: int) -> list[Scores]:
        """Scores of several data sets, some at a time."""
        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(lambda task: self.scores(*task), tasks))


def said(*command: str) -> str:
    """Run a command, or end with what it complained of; what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\nfailed with exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def parser(about: str) -> argparse.ArgumentParser:
    """Flags that all benches of realism share."""
    flags = argparse.ArgumentParser(description=about, epilog="Whatever follows -- is passed on to the tool.")
    flags.add_argument("--tool", help="the two-sample test, a Python file")
    flags.add_argument("--real", nargs="+", default=[], metavar="FILE", help="real data in long form")
    flags.add_argument("--python", default=sys.executable, help="Python that has what the tool needs")
    flags.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS), metavar="SEED")
    flags.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help="key of the scenario")
    flags.add_argument("--jobs", type=int, default=1, help="data sets made and judged at a time")
    return flags


def parsed(flags: argparse.ArgumentParser) -> tuple[argparse.Namespace, Judge | None]:
    """Flags and judge; no judge where no tool was named, as when all benches run."""
    mine, _, others = _cut(sys.argv[1:])
    arguments = flags.parse_args(mine)
    if not (arguments.tool and arguments.real):
        print("not measured: it needs --tool and --real")
        return arguments, None
    return arguments, Judge(arguments.python, arguments.tool, tuple(arguments.real), tuple(others))


def _cut(words: Sequence[str]) -> tuple[Sequence[str], str, Sequence[str]]:
    at = words.index("--") if "--" in words else len(words)
    return words[:at], "--", words[at + 1 :]


def table(rows: Mapping[str, Sequence[str]], heads: Sequence[str]) -> str:
    """Markdown table of named rows."""
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    lines += [f"| {' | '.join((name, *cells))} |" for name, cells in rows.items()]
    return "\n".join(lines)


def summary(seeds: Sequence[int], scores: Sequence[Scores]) -> str:
    """Table of AUCs seed by seed, their mean and their deviation."""
    names = list(dict.fromkeys(name for one in scores for name in one))
    rows = {
        f"seed {seed}": [f"{one[name]:.3f}" if name in one else "" for name in names]
        for seed, one in zip(seeds, scores, strict=True)
    }
    known = {name: [one[name] for one in scores if name in one] for name in names}
    rows["mean"] = [f"{fmean(values):.3f}" for values in known.values()]
    if len(scores) > 1:
        rows["deviation"] = [f"{stdev(values):.3f}" if len(values) > 1 else "" for values in known.values()]
    return table(rows, ("AUC", *names))


def main() -> int:
    """Print AUCs seed by seed, their mean and their deviation."""
    arguments, judge = parsed(parser("Compare data sets of several seeds with real data."))
    if judge is None:
        return 0
    scores = judge.all_scores([(seed, arguments.set) for seed in arguments.seeds], arguments.jobs)
    print(summary(arguments.seeds, scores))
    return 0


if __name__ == "__main__":
    sys.exit(main())
