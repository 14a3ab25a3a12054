"""An estimate makes a small sample once, and scales it by the work that is planned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.window import DAY_S, MINUTE_S
from ghostfleet.generate import Generator
from ghostfleet.run import surroundings
from ghostfleet.run.estimate import estimate
from ghostfleet.run.history import Request, write
from ghostfleet.state.estate import Estates
from tests.laws import estates
from tests.run.small import scenario

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ghostfleet.core.batch import Batch
    from ghostfleet.core.window import Window
    from ghostfleet.generate import Task
    from ghostfleet.state.estate import State


def test_rows_are_made_once_for_all_destinations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    batches = Generator.batches

    def counted(self: Generator, task: Task) -> Iterator[Batch]:
        for batch in batches(self, task):
            made.append(len(batch))
            yield batch

    monkeypatch.setattr(Generator, "batches", counted)
    counts, sizes = [], []
    for urls in ("a/",), ("a/", f"duckdb:{tmp_path}/b.duckdb", "c.parquet", "-"):
        made.clear()
        _, _, cost = estimate(scenario(), Request(urls=urls, compressed=True))
        counts.append(sum(made))
        sizes.append(cost.bytes)
    assert counts[0] == counts[1]
    assert sizes[1] > 2 * sizes[0]
    assert list(tmp_path.iterdir()) == []


def test_what_keeps_nothing_takes_no_bytes() -> None:
    assert estimate(scenario(), Request(urls=("blackhole:",)))[2].bytes == 0


def test_what_a_run_would_refuse_is_refused() -> None:
    with pytest.raises(ScenarioError, match="named twice"):
        estimate(scenario(), Request(urls=("a", "a/")))


LONG = ", ".join(
    f"{{incident: {{kind: payment_timeout, on: [stripe], minutes: [{minutes}, {minutes}]}}, starts: '2025-03-05T{at}'}}"
    for minutes, at in ((4320, "00:10"), (20, "23:00"))
)


@pytest.mark.parametrize("tables", [("incident_metrics",), ("incident_metrics", "system_metrics", "network_metrics")])
def test_time_grows_with_the_ticks_that_a_run_solves(tables: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """For a clock that runs one second for each tick solved, an estimate is about what the run takes.

    The first task notices an incident of three days, and others none: rows of a sample would tell nothing of them.
    """
    clock = [0]
    solve = Estates.solve

    def counted(self: Estates, window: Window, *rest: Any, **more: Any) -> State:
        clock[0] += len(window)
        return solve(self, window, *rest, **more)

    monkeypatch.setattr(Estates, "solve", counted)
    monkeypatch.setattr(surroundings, "effort", lambda: clock[0])
    wanted = estates.scenario("small_estate", f"estate.incidents.placed=[{LONG}]")
    request = Request(urls=("blackhole:",), since_s=1741132800, until_s=1741132800 + 6 * DAY_S, only=tables, workers=1)
    cost = estimate(wanted, request)[2]
    in_a_sample, clock[0] = clock[0], 0
    write(wanted, request)
    assert cost.seconds == pytest.approx(clock[0], rel=0.2)
    assert in_a_sample < 3 * DAY_S // MINUTE_S < clock[0]
