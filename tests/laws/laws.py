"""The laws, as functions that assert them for given cuts; tests draw the cuts, mutants must break them.

G(w, s) is the table of the servers s in the window w, G(w) that of all servers.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ghostfleet.core.window import DAY_S, HOUR_S, Window
from ghostfleet.generate import Generator
from ghostfleet.signals import server_metrics
from ghostfleet.spec.scenario import Scenario
from tests.laws import cells
from tests.laws.cells import METRICS, SERVERS

ROWS = {"daily": 400, "hourly": 600, "p95": 60}
SKIP = {"daily": 41, "hourly": 4001, "p95": 173}  # the whole does not start on a grid of noise, spikes or blocks


def repeat(grain: str) -> None:
    """G(w) = G(w), in one generator or two."""
    window = cells.window_of(grain, ROWS[grain], SKIP[grain])
    generator = Generator(cells.of_grain(grain))
    once = cells.observe(generator, window, 0, SERVERS)
    cells.assert_equal(once, cells.observe(generator, window, 0, SERVERS))
    cells.assert_equal(once, cells.whole(cells.of_grain(grain), window))


def split(grain: str, cuts: Sequence[int]) -> None:
    """For all a = c₀ < c₁ < … < cₙ = b: sort(G[c₀, c₁) + … + G[cₙ₋₁, cₙ)) = G[a, b)."""
    window = cells.window_of(grain, ROWS[grain], SKIP[grain])
    edges = [0, *sorted(cuts), len(window)]
    parts = [
        cells.whole(cells.of_grain(grain), Window(window.start + low, window.start + high, window.tick_s))
        for low, high in pairwise(edges)
    ]
    assert len(parts) >= 7
    cells.assert_equal(cells.ordered(cells.joined(parts)), cells.whole(cells.of_grain(grain), window))


def piece(grain: str, low: int, high: int) -> None:
    """For all a ≤ c < d ≤ b: G[c, d) = the rows of G[a, b) that start in [c, d)."""
    window = cells.window_of(grain, ROWS[grain], SKIP[grain])
    part = Window(window.start + low, window.start + high, window.tick_s)
    whole = cells.whole(cells.of_grain(grain), window)
    cells.assert_equal(cells.whole(cells.of_grain(grain), part), cells.between(whole, part))


def shard(grain: str, cuts: Sequence[int]) -> None:
    """For all cuts of the servers s = s₁ + … + sₙ: G(w, s₁) + … + G(w, sₙ) = G(w, s)."""
    window = cells.window_of(grain, 100, SKIP[grain])
    servers = 12
    scenario = cells.of_grain(grain, servers=servers)
    edges = [0, *sorted(cuts), servers]
    parts = [cells.observe(Generator(scenario), window, low, high) for low, high in pairwise(edges)]
    cells.assert_equal(cells.joined(parts), cells.whole(scenario, window))


def order(grain: str, places: Sequence[int]) -> None:
    """For every permutation π of the tasks t: what tᵢ gives does not depend on which tasks came before it."""
    window = cells.window_of(grain, 90, SKIP[grain])
    tasks = [(part, first, first + 2) for part in window.cut(24) for first in range(0, SERVERS, 2)]
    scenario = cells.of_grain(grain)
    generator = Generator(scenario)
    ranked = sorted(range(len(tasks)), key=lambda task: (places[task % len(places)], task))
    made = {task: cells.observe(generator, *tasks[task]) for task in ranked}
    parts = [made[task] for task in range(len(tasks))]
    cells.assert_equal(cells.ordered(cells.joined(parts)), cells.whole(scenario, window))


def fold(grain: str, factor: int, skip: int) -> None:
    """For rows of k ticks: G_k[t] = round(percentile₉₅(facts[t · k], …, facts[t · k + k − 1])), by numpy's percentile.

    Facts are unrounded and made in one piece, so that a fold over anything but its own ticks shows.
    """
    scenario = cells.scenario(*cells.GRAINS[grain])
    tick_s = scenario.servers.tick_s
    start = -(-cells.window_of(grain, 1, skip).since_s // (tick_s * factor))
    rows = Window(start, start + 11, tick_s * factor)
    observer = server_metrics.of_servers(scenario)
    facts = server_metrics.observe(observer.servers.solve(rows.finer(factor), 0, SERVERS))
    made = cells.observe(Generator(scenario), rows, 0, SERVERS)
    for name in METRICS:
        ticks = facts.values[name].astype(np.float64).reshape(SERVERS * len(rows), factor)
        expected = np.percentile(ticks, 95, axis=1)
        assert np.abs(made[name] / 100 - expected).max() <= 0.005 + 1e-4, name  # rounding, and float32


def day_of_hours(skip: int) -> None:
    """G_hourly folded to days = G_p95: one state, two grains."""
    days = cells.window_of("p95", 14, skip)
    hourly = cells.observe(Generator(cells.scenario(*cells.GRAINS["hourly"])), days, 0, SERVERS)
    cells.assert_equal(hourly, cells.whole(cells.scenario(*cells.GRAINS["p95"]), days))


def growing_fleet(grain: str, servers: int) -> None:
    """For all n ≤ m: the first n servers of a fleet of m are the fleet of n."""
    window = cells.window_of(grain, 60, SKIP[grain])
    short = cells.of_grain(grain)
    longer = Generator(cells.of_grain(grain, servers=servers))
    cells.assert_equal(cells.observe(longer, window, 0, SERVERS), cells.whole(short, window))


def changes_only(grain: str, setting: str, columns: set[str]) -> None:
    """Setting one key changes these columns and no other."""
    window = cells.window_of(grain, 200, SKIP[grain])
    before = cells.whole(cells.scenario(*cells.GRAINS[grain]), window)
    after = cells.whole(cells.scenario(*cells.GRAINS[grain], setting), window)
    assert cells.differing(before, after) == columns


def faults_spare_the_rest(grain: str) -> None:
    """A value that no fault strikes is what it is without faults; a fault strikes each column on its own."""
    window = cells.window_of(grain, 200, SKIP[grain])
    clean = cells.whole(cells.scenario(*cells.GRAINS[grain]), window)
    wrong, gaps = (cells.whole(cells.scenario(*cells.GRAINS[grain], fault), window) for fault in cells.FAULTS[::-1])
    both = cells.whole(cells.of_grain(grain), window)
    struck = {}
    for name in METRICS:
        missing, misread = gaps[name] == cells.NULL, wrong[name] != clean[name]
        assert np.array_equal(gaps[name][~missing], clean[name][~missing])
        assert np.all(wrong[name][misread] > clean[name][misread])
        assert np.array_equal(both[name], np.where(missing, cells.NULL, wrong[name]))
        struck[name] = missing
    assert len({mask.tobytes() for mask in struck.values()}) == len(METRICS)


def seeds(grain: str, other: int) -> None:
    """Another seed is another world: nearly every metric value differs, the fleet's types and dates do not."""
    window = cells.window_of(grain, 60, SKIP[grain])
    one = cells.whole(cells.scenario(*cells.GRAINS[grain]), window)
    two = cells.whole(cells.scenario(*cells.GRAINS[grain], f"execution.random_seed={other}"), window)
    for name in METRICS:
        assert np.mean(one[name] == two[name]) < 0.02, name
    for name in ("timestamp", "server_id", "server_type", "is_holiday"):
        assert np.array_equal(one[name], two[name])


def span(grain: str, rows: int, assignment: str) -> None:
    """A longer or shorter span has the same rows where both have them: the end of a span is no cause."""
    window = cells.window_of(grain, rows)
    cells.assert_equal(
        cells.whole(cells.of_grain(grain), window), cells.whole(cells.of_grain(grain, assignment), window)
    )


def asked_window(grain: str, since: int, until: int) -> None:
    """--from and --until choose rows of the span and change none: Plan[since, until) = slice of Plan."""
    scenario = cells.of_grain(grain, "data.years_of_data=1", servers=2)
    generator = Generator(scenario)
    unit_s = HOUR_S if grain == "hourly" else DAY_S
    start = cells.SPAN_START * DAY_S
    rows = generator.window(start + since * unit_s + 1, start + until * unit_s + 1)
    assert rows.since_s == start + (since + 1) * unit_s
    assert len(rows) == until - since
    cells.assert_equal(planned(generator, rows), cells.between(planned(generator, generator.window()), rows))


def planned(generator: Generator, rows: Window) -> cells.Cells:
    """Everything a plan gives, task after task."""
    parts = [
        cells.cells(batch)
        for task in generator.plan(rows, generator.tables()).tasks
        for batch in generator.batches(task)
    ]
    return cells.joined(parts)


def plans_cut_as_they_like(scenario: Scenario, window: Window, tables: int = 1) -> None:
    """The union of a plan's tasks is the table, in its order, however many tasks there are."""
    generator = Generator(scenario)
    plan = generator.plan(window, generator.tables())
    assert len(plan.tasks) >= 7 * tables
    assert [task.number for task in plan.tasks] == list(range(len(plan.tasks)))
    made = planned(generator, window)
    assert len(made["timestamp"]) == plan.rows == scenario.servers.num_servers * len(window)
    cells.assert_equal(made, cells.whole(scenario, window))
