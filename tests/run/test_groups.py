"""Tables of several groups go to those destinations that take them, and each destination is proven by itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import ladybug
import msgspec
import numpy as np
import pytest

from ghostfleet import generate, signals
from ghostfleet.cli.commands import generate as command
from ghostfleet.core.batch import Batch, Plain
from ghostfleet.core.errors import ScenarioError, SinkError
from ghostfleet.run import beside, manifest, records, verification
from ghostfleet.run.estimate import estimate
from ghostfleet.run.history import Request, write
from tests.laws import estates
from tests.run.small import scenario
from tests.sinks import graphs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ghostfleet.core.table import Table
    from ghostfleet.core.window import Window
    from ghostfleet.run.history import Outcome

NAMES = tuple(f"svc-{number:02d}" for number in range(9))
NOON = 1_735_689_600 + 12 * 3600
HOUR = 3600
ALL = ("server_metrics", "Service", "USES", "Database")


@dataclass(frozen=True)
class Snapshot:
    """A signal of nodes or links that says how things stand in the window's last row."""

    TABLE: Table
    entities: int
    NEEDS: tuple[str, ...] = ()
    breadth: int = 1

    @property
    def table(self) -> Table:
        return self.TABLE

    def observer(self, _: object) -> Snapshot:
        return self

    def notes(self, *_: object) -> Mapping[str, object]:
        return {f"about {self.TABLE.name}": "made by hand"}

    def rows(self, window: Window, first: int, last: int) -> Batch:
        names = NAMES[first:last]
        if self.TABLE is graphs.DATABASE:
            return graphs.databases(*(f"db-{name}" for name in names))
        if self.TABLE is graphs.USES:
            return graphs.uses(*((name, f"db-{name}") for name in names), weight=window.since_s / HOUR)
        batch = graphs.services(*names, load=window.since_s // HOUR)
        return Batch(graphs.SERVICE, {**batch.columns, "seen": Plain(np.full(len(names), window.since_s))})


SNAPSHOTS = {table.name: Snapshot(table, len(NAMES)) for table in (graphs.SERVICE, graphs.DATABASE, graphs.USES)}


@pytest.fixture(autouse=True)
def graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let scenarios have nodes and links, in several tasks a table."""
    signal = signals.signal
    monkeypatch.setattr(signals, "signal", lambda name, *known: SNAPSHOTS.get(name) or signal(name, *known))
    monkeypatch.setattr(generate, "ROWS_PER_TASK", 4)


def run(*urls: str, hour: int = NOON, only: tuple[str, ...] = (), **request: Any) -> Outcome:
    """Write the row of one hour of the small scenario with its graph."""
    made = msgspec.structs.replace(scenario(), tables=ALL)
    return write(made, Request(urls=urls, since_s=hour, until_s=hour + HOUR, only=only, compressed=True, **request))


def problems(url: str) -> list[str]:
    """Whatever verification of all manifests at a destination finds."""
    path = manifest.place(url)
    assert path is not None
    records = [manifest.read(one) for one in (path, *beside.earlier_beside(path))]
    found = [said for record in records for said in verification.verify(url, record, full=True).problems]
    return [*found, *verification.untold(url, records)]


def test_each_destination_gets_the_tables_that_it_takes(tmp_path: Path) -> None:
    urls = (f"duckdb:{tmp_path}/a.duckdb", f"ladybug:{tmp_path}/b.graph", f"{tmp_path}/out/")
    outcome = run(*urls)
    taken = {url: [one.table for one in written] for url, written in outcome.written.items()}
    assert taken == {urls[0]: list(ALL), urls[1]: list(ALL[1:]), urls[2]: list(ALL)}
    assert outcome.left_out == {urls[1]: ["server_metrics"]}
    for url in urls:
        record = manifest.read(outcome.manifests[url])
        assert list(record.determinants.tables) == list(record.receipts) == taken[url]
        assert set(record.statistics) <= set(taken[url])
        assert len(record.notes) >= 3
        assert problems(url) == []


def test_the_summary_says_what_was_left_out(tmp_path: Path) -> None:
    url = f"ladybug:{tmp_path}/b.graph"
    outcome = run(url, f"{tmp_path}/out/")
    assert f"{url} does not take server_metrics" in " ".join(map(str.strip, command._told(outcome, verbose=False)))
    assert records.summary(outcome)["left_out"] == {url: ["server_metrics"]}


def test_links_and_nodes_of_a_graph_are_those_of_the_tables(tmp_path: Path) -> None:
    run(f"duckdb:{tmp_path}/a.duckdb", f"ladybug:{tmp_path}/b.graph")
    text = "MATCH (a)-[r:USES]->(b) RETURN label(a), a.id, label(b), b.id, r.kind, r.weight"
    with duckdb.connect(f"{tmp_path}/a.duckdb", read_only=True) as store:
        assert sorted(store.execute("FROM USES").fetchall()) == graphs.asked(tmp_path / "b.graph", text)


def test_a_table_that_nobody_takes_is_not_made(tmp_path: Path) -> None:
    url = f"ladybug:{tmp_path}/b.graph"
    outcome = run(url)
    assert [table.name for table in outcome.tables] == list(ALL[1:])
    assert outcome.left_out == {url: ["server_metrics"]}
    assert problems(url) == []


def test_a_table_that_was_named_must_be_taken_by_somebody(tmp_path: Path) -> None:
    only = ("server_metrics", "Service")
    with pytest.raises(ScenarioError, match=r"--only server_metrics \(telemetry\): no destination takes it"):
        run(f"ladybug:{tmp_path}/b.graph", only=only)
    assert list(tmp_path.iterdir()) == []
    run(f"ladybug:{tmp_path}/b.graph", f"{tmp_path}/out/", only=only)


def test_a_destination_that_would_get_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"b\.graph takes tables of the group graph, and there is none among"):
        run(f"{tmp_path}/out/", f"ladybug:{tmp_path}/b.graph", only=("server_metrics",))
    assert list(tmp_path.iterdir()) == []


def test_records_alone_and_none_of_them_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="--blind leaves out tables of the group records, and no others were asked"):
        write(estates.scenario(), Request(urls=(f"{tmp_path}/out/",), only=("incident_metrics",), blind=True))


def test_a_changed_graph_is_found(tmp_path: Path) -> None:
    urls = (f"duckdb:{tmp_path}/a.duckdb", f"ladybug:{tmp_path}/b.graph")
    run(*urls)
    with ladybug.Database(tmp_path / "b.graph") as store, ladybug.Connection(store) as opened:
        opened.execute("MATCH (n:Service {id: 'svc-05'}) SET n.load = 0")
    assert problems(urls[0]) == []
    assert [said.partition(":")[0] for said in problems(urls[1])] == ["Service is not what was written"]


@pytest.mark.parametrize("form", ["duckdb:{}/a.duckdb", "ladybug:{}/b.graph"])
def test_a_later_window_over_an_earlier_one_is_proven(tmp_path: Path, form: str) -> None:
    url = form.format(tmp_path)
    for hour in (NOON, NOON + HOUR):
        run(url, hour=hour)
        assert problems(url) == []


def stored(url: str) -> list[Any]:
    """All rows of a store, in an order of their own."""
    scheme, _, path = url.partition(":")
    if scheme == "ladybug":
        text = "MATCH (a:Service)-[r:USES]->(b) RETURN a.id, a.seen, a.load, b.id, r.weight"
        return graphs.asked(Path(path), text)
    with duckdb.connect(path, read_only=True) as store:
        return [store.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in ALL]


@pytest.mark.parametrize("form", ["duckdb:{}/{}.duckdb", "ladybug:{}/{}.graph"])
def test_the_order_in_which_windows_are_loaded_changes_nothing(tmp_path: Path, form: str) -> None:
    hours = (NOON, NOON + HOUR, NOON + 2 * HOUR)
    orders = ((0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1, 2))
    urls = [form.format(tmp_path, place) for place, _ in enumerate(orders)]
    for url, order in zip(urls, orders, strict=True):
        for place in order:
            run(url, hour=hours[place])
            assert problems(url) == []
    assert [stored(url) for url in urls[1:]] == [stored(urls[0])] * 3


def test_a_run_says_which_tables_a_store_keeps_as_of_a_later_window(tmp_path: Path) -> None:
    urls = (f"duckdb:{tmp_path}/a.duckdb", f"ladybug:{tmp_path}/b.graph", f"{tmp_path}/out/")
    run(*urls[:2], hour=NOON + HOUR)
    outcome = run(*urls, hour=NOON)  # a folder is written as a whole, and so there is nothing later in it
    assert {url: [one.table for one in written] for url, written in outcome.written.items()} == {
        urls[0]: ["server_metrics"],
        urls[2]: list(ALL),
    }
    assert {url: [*found] for url, found in outcome.stays.items()} == {url: [NOON + 2 * HOUR] for url in urls[:2]}
    assert list(command._stays(outcome)) == [
        f"note: {url} is ahead of this window: Service, USES, Database stay as of 2025-01-01T14:00:00Z"
        for url in urls[:2]
    ]
    notes = manifest.read(outcome.manifests[urls[0]]).notes
    assert notes["tables_of_a_later_window"] == {"2025-01-01T14:00:00Z": ["Service", "USES", "Database"]}
    assert [problems(url) for url in urls] == [[], [], []]
    outcome = run(urls[1], hour=NOON)
    assert (outcome.rows, outcome.manifests) == (0, {})
    assert problems(urls[1]) == []


def test_a_store_that_was_removed_keeps_nothing(tmp_path: Path) -> None:
    url = f"ladybug:{tmp_path}/b.graph"
    run(url, hour=NOON + HOUR)
    (tmp_path / "b.graph").unlink()
    assert run(url, hour=NOON).stays == {}


def test_a_store_that_is_ahead_takes_no_other_data_set(tmp_path: Path) -> None:
    url = f"ladybug:{tmp_path}/b.graph"
    run(url, hour=NOON + HOUR)
    made = msgspec.structs.replace(scenario(execution__random_seed=7), tables=ALL)
    with pytest.raises(SinkError, match="its seed is 42, not 7"):
        write(made, Request(urls=(url,), since_s=NOON, until_s=NOON + HOUR))


def test_a_graph_without_a_manifest_is_compared_with_a_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "ROWS_PER_TASK", 1_000)
    url = f"ladybug:{tmp_path}/b.graph"
    made = msgspec.structs.replace(scenario(data__end_date="2025-01-02"), tables=ALL)
    write(made, Request(urls=(url,))).manifests[url].unlink()
    result = verification.compare(url, made)
    assert (result.problems, result.rows) == ([], 3 * len(NAMES))
    with ladybug.Database(tmp_path / "b.graph") as store, ladybug.Connection(store) as opened:
        opened.execute("MATCH ()-[r:USES]->(n {id: 'db-svc-05'}) SET r.weight = 0.5")
    assert [said.partition(":")[0] for said in verification.compare(url, made).problems] == [
        "USES is not what the scenario makes"
    ]


def test_workers_change_nothing(tmp_path: Path) -> None:
    urls = [f"ladybug:{tmp_path}/{workers}.graph" for workers in (1, 2)]
    for hour in (NOON, NOON + HOUR):  # the second time, the file has been opened before there are workers
        found = [run(url, hour=hour, workers=workers).written[url] for workers, url in enumerate(urls, 1)]
        assert found[0] == found[1]
    assert problems(urls[1]) == []


def test_an_interrupted_run_is_taken_up_by_itself_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = (f"duckdb:{tmp_path}/a.duckdb", f"ladybug:{tmp_path}/b.graph")
    full = SinkError("the disk is full")

    def fail(*_: object) -> None:
        raise full

    with monkeypatch.context() as patch:
        patch.setattr("ghostfleet.sinks.graph.loading.load", fail)
        with pytest.raises(SinkError, match="full"):
            run(*both)
    assert run(both[1]).kept == 0  # its tasks have other numbers
    with monkeypatch.context() as patch:
        patch.setattr("ghostfleet.sinks.graph.loading.load", fail)
        with pytest.raises(SinkError, match="full"):
            run(both[1])
    outcome = run(both[1])
    assert outcome.kept == len(outcome.plan.tasks)
    assert problems(both[1]) == []


def test_an_estimate_counts_what_each_destination_takes(tmp_path: Path) -> None:
    made = msgspec.structs.replace(scenario(), tables=ALL)
    sizes = []
    for urls in ((f"{tmp_path}/out/",), (f"{tmp_path}/out/", f"ladybug:{tmp_path}/b.graph")):
        request = Request(urls=urls, since_s=NOON, until_s=NOON + HOUR, compressed=True)
        _, tables, cost = estimate(made, request)
        assert [table.name for table in tables] == list(ALL)
        assert cost.left_out == {url: ["server_metrics"] for url in urls[1:]}
        sizes.append(cost.bytes)
    assert sizes[1] > sizes[0]
    assert list(tmp_path.iterdir()) == []
