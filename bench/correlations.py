"""Correlations within each server type, as targets, residuals and raw rows: ``python -m bench.correlations``.

The residual is the same data set with its calendar, growth and spikes switched off, each server taken from its own
mean: the draws have names, so the noise is the same. Raw is what a reader of the file sees. Prints a table in
Markdown; fails when a residual is more than 0.15 from its target.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from bench.measuring import machine
from ghostfleet.cli import scenario as scenarios
from ghostfleet.core.batch import Quanta, Text
from ghostfleet.generate import Generator
from ghostfleet.signals import server_metrics
from ghostfleet.spec import loading
from ghostfleet.spec.fleet import METRICS

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64

TOLERANCE = 0.15
COLUMNS = ("cpu_p95", "mem_p95", "disk_p95", "net_in_p95")
TYPES = ("web", "database", "application", "batch")
STILL = (
    "data.seasonality.weekly=false",
    "data.seasonality.quarterly_peaks=false",
    "data.seasonality.holiday_effect=false",
    *(f"fleet.archetypes.{kind}.spikes.probability=0" for kind in TYPES),
    *(f"fleet.archetypes.{kind}.growth_percent_per_month=0" for kind in TYPES),
)


def correlations(*assignments: str, own_means: bool = False, **flags: object) -> dict[str, F64]:
    """Correlation matrix of the four metrics over all rows of each type, optionally around each server's mean."""
    loaded = loading.load(scenarios.find("capacity"), loading.Settings(assignments=assignments, flags=flags))
    generator = Generator(loaded.scenario)
    rows: dict[str, list[F64]] = {kind: [] for kind in TYPES}
    for task in generator.plan(generator.window(), generator.tables()).tasks:
        for batch in generator.batches(task):
            kinds, servers = (batch.columns[name] for name in ("server_type", "server_id"))
            readings = [batch.columns[name] for name in COLUMNS]
            block = np.stack([values.floats() for values in readings if isinstance(values, Quanta)])
            if isinstance(kinds, Text) and isinstance(servers, Text):
                for code in np.unique(servers.codes):
                    mine = servers.codes == code
                    values = block[:, mine] - block[:, mine].mean(axis=1, keepdims=True) * own_means
                    rows[kinds.vocabulary[kinds.codes[mine][0]]].append(values)
    return {kind: np.corrcoef(np.concatenate(parts, axis=1)) for kind, parts in rows.items()}


def main() -> int:
    """Print target, residual, raw daily and raw hourly for each pair and type."""
    generator = Generator(loading.load(scenarios.find("capacity")).scenario)
    expected = server_metrics.expected_of_servers(generator.scenario)
    targets = expected["expected_correlations"]
    residual, between, raw = correlations(*STILL, own_means=True), correlations(*STILL), correlations()
    hourly = correlations(granularity="hourly", years=1)
    print(machine())
    print("| type | pair | target | residual | with differences between servers | raw daily | raw hourly, one year |")
    print("|---|---|---|---|---|---|---|")
    worst = 0.0
    for row in targets:
        kind, left, right, target = (row[key] for key in ("server_type", "left_metric", "right_metric", "target"))
        i, j = METRICS.index(str(left)), METRICS.index(str(right))
        found = [float(made[str(kind)][i, j]) for made in (residual, between, raw, hourly)]
        gaps = [abs(one - float(str(target))) for one in found]
        worst = max(worst, gaps[0])
        cells = [f"{one:.2f}{' *' if gap > TOLERANCE else ''}" for one, gap in zip(found, gaps, strict=True)]
        print(f"| {kind} | {left}–{right} | {target} | {' | '.join(cells)} |")
    print(f"largest deviation of a residual: {worst:.3f}; * is more than {TOLERANCE} from the target")
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
