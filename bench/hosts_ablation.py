"""What each ingredient of `hosts` is worth: ``python -m bench.hosts_ablation --tool TOOL --real FILE …``.

Each ingredient is left out once. A change above 0 says that without it the data is easier to tell from real data. The
same seeds make the whole and the rest, and the second figure is the standard error of the change over the seeds.
"""

from __future__ import annotations

import sys
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from bench.hosts_realism import CROSS, MEAN, parsed, parser, table
from ghostfleet.spec.hosts import INGREDIENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.hosts_realism import Scores

WHOLE = "nothing"


def changes(whole: Sequence[Scores], rest: Sequence[Scores], name: str) -> str:
    """Mean change of one AUC and its standard error; empty where one side has none."""
    pairs = [(before, after) for before, after in zip(whole, rest, strict=True) if name in before and name in after]
    steps = [after[name] - before[name] for before, after in pairs]
    if not steps:
        return ""
    error = f" ± {stdev(steps) / len(steps) ** 0.5:.3f}" if len(steps) > 1 else ""
    return f"{fmean(steps):+.3f}{error}"


def main() -> int:
    """Print a table of changes, the most valuable ingredient first."""
    flags = parser("Leave out each ingredient of the host model and compare with real data.")
    flags.add_argument("--only", nargs="+", choices=INGREDIENTS, default=list(INGREDIENTS), metavar="INGREDIENT")
    arguments, judge = parsed(flags)
    if judge is None:
        return 0
    cases = [WHOLE, *arguments.only]
    tasks = [
        (seed, [*arguments.set, *([] if case == WHOLE else [f"hosts.without=[{case}]"])])
        for case in cases
        for seed in arguments.seeds
    ]
    scores = judge.all_scores(tasks, arguments.jobs)
    count = len(arguments.seeds)
    by_case = {case: scores[place * count : (place + 1) * count] for place, case in enumerate(cases)}
    whole = by_case.pop(WHOLE)
    names = sorted({name for one in whole for name in one}, key=lambda name: (name not in {MEAN, CROSS}, name))
    worth = {
        case: fmean(one.get(MEAN, 0.0) for one in rest) + fmean(one.get(CROSS, 0.0) for one in rest)
        for case, rest in by_case.items()
    }
    rows = {WHOLE: [f"{fmean(one[name] for one in whole if name in one):.3f}" for name in names]}
    for case in sorted(by_case, key=lambda case: -worth[case]):
        rows[case] = [changes(whole, by_case[case], name) for name in names]
    print(table(rows, ("left out", *names)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
