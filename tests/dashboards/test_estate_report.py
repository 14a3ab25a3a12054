"""The report of an estate draws what its tables hold, and says so where they hold nothing."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from itertools import combinations, pairwise
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pytest

from ghostfleet import truth
from ghostfleet.cli import examine, root
from ghostfleet.core.errors import DataError
from ghostfleet.dashboards import Panel, dashboard, kinds, layers, panels, render, report, series
from ghostfleet.dashboards.panels import Place
from ghostfleet.dashboards.themes import THEMES
from ghostfleet.queries import Result, query

WINDOW = ("--from", "2025-03-04", "--until", "2025-03-06")
SPIKE = '{"incident": {"kind": "trading_latency_spike", "on": ["trading-api"]}, "starts": "2025-03-05T15:10"}\n'
SPIKE_AT = "2025-03-05 15:10:00"
SHOWN = dashboard("estate")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Two days of the estate with one incident, and the truth of it, in a DuckDB file."""
    folder = tmp_path_factory.mktemp("estate")
    (folder / "added.jsonl").write_text(SPIKE)
    common = ["--set", "estate.incidents.factor=0", "--incidents", str(folder / "added.jsonl")]
    common += ["--to", f"duckdb:{folder / 'estate.duckdb'}", "--quiet"]
    assert root.run(["generate", "estate", *WINDOW, *common]) == 0
    assert root.run(["truth", "estate", *WINDOW, *common]) == 0
    return folder / "estate.duckdb"


@pytest.fixture(scope="module")
def data(store):
    url = f"duckdb:{store}"
    with examine.opened(url, examine.expected(url, None), truth.TABLES) as opened:
        yield opened


@pytest.fixture(scope="module")
def rows(store):
    """Rows as they stand in the file, by a connection that the report does not know."""
    with duckdb.connect(str(store), read_only=True) as opened:
        opened.execute("SET TimeZone = 'UTC'")

        def asked(sql, *values, **names):
            return opened.execute(sql.format(**names), values).fetchall()

        yield asked


def test_every_kind_of_picture_can_be_drawn():
    assert set(panels.KINDS) == set(kinds.DRAW)


@pytest.mark.parametrize("panel", SHOWN.panels, ids=lambda panel: panel.query)
def test_every_panel_has_data_and_names_columns_that_its_query_returns_and_declares(panel, data):
    result = data.ask(panel.query)
    assert result.rows, result.reason
    named = {panel.x, panel.y, panel.value, panel.mean, panel.series, panel.level, panel.group, *panel.note} - {""}
    assert named <= set(result.columns)
    assert result.columns == query(panel.query).columns


def test_a_report_of_a_store_is_that_of_an_estate_in_either_theme(store, tmp_path):
    assert root.run(["report", f"duckdb:{store}", "--to", str(tmp_path), "--theme", "light", "--quiet"]) == 0
    files = ["estate_overview.html", "estate_overview.png", "statistics.json", "statistics.txt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == files
    facts = json.loads((tmp_path / "statistics.json").read_text("utf-8"))
    assert (facts["services"], facts["records"], facts["duration_days"], facts["duplicates"]) == (34, 34 * 576, 2, 0)
    assert sum(facts["services_by_cluster"].values()) == 34
    assert facts["units"]["response_time_ms"] == "ms"


def test_nothing_written_lies_on_another_and_no_panel_is_a_placeholder(data, monkeypatch):
    drawn, empty = [], []
    card = render._card

    def kept(figure, *arguments):
        card(figure, *arguments)
        drawn.append(figure)

    monkeypatch.setattr(render, "_card", kept)
    monkeypatch.setattr(render, "_placeholder", lambda _, why, __: empty.append(why))
    render.picture(SHOWN, data, THEMES["dark"], "subtitle")
    assert empty == []
    figure = drawn[-1]
    assert len(figure.axes) == len(SHOWN.panels)
    edges = figure.bbox
    for axes, panel in zip(figure.axes, SHOWN.panels, strict=True):
        legend = axes.get_legend()
        low, high = sorted(axes.get_ylim())
        values = [text for text in axes.get_yticklabels() if low <= text.get_position()[1] <= high]
        groups = [axes.get_xticklabels(), values, axes.texts, legend.get_texts() if legend else []]
        boxes = [
            [text.get_window_extent() for text in texts if text.get_text() and text.get_visible()] for texts in groups
        ]
        for group in boxes:
            for one, other in combinations(group, 2):
                assert not one.overlaps(other), panel.title
            assert all(box.x0 >= edges.x0 and box.x1 <= edges.x1 for box in group), panel.title
        for one in boxes[3]:  # what names the colours stands clear of the picture
            assert not any(one.overlaps(other) for other in boxes[0] + boxes[1] + boxes[2]), panel.title


def test_tables_that_are_not_there_leave_a_placeholder_with_the_reason(store, tmp_path, monkeypatch):
    part = tmp_path / "part.duckdb"
    shutil.copy(store, part)
    kept = ("system_metrics", "cost_metrics", "DEPENDS_ON")
    with duckdb.connect(str(part)) as opened:
        for (name,) in opened.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall():
            opened.execute(f'DROP VIEW "{name}"')
        for name in kept:
            opened.execute(f"COPY \"{name}\" TO '{tmp_path / name}.parquet' (FORMAT parquet)")
    part.unlink()
    said = []
    monkeypatch.setattr(render, "_placeholder", lambda _, why, __: said.append(why))
    wanted = examine.expected(str(tmp_path), "estate")
    with examine.opened(str(tmp_path), wanted, truth.TABLES) as opened:
        files = report(opened, None, tmp_path / "out")
        assert opened.ask("incidents_around_deviation").rows == []
        centres = {row[0] for row in opened.ask("cost_by_centre").rows}
    assert files[0].name == "estate_overview.png"
    missing = {reason.split(" ")[0] for reason in said}
    assert missing == {"Service", "host_metrics", "database_metrics", "network_metrics", "security_events", "changes"}
    assert len(said) == len(SHOWN.panels) - 5 - 2 - 2  # a day, a deviation, costs
    assert "CC-1100 EKSCluster" in centres  # without services no domain is known


def test_an_estate_of_services_alone_is_no_estate_of_hosts(store, tmp_path):
    with duckdb.connect(str(store), read_only=True) as opened:
        opened.execute(f"COPY host_metrics TO '{tmp_path}/host_metrics.parquet' (FORMAT parquet)")
    url = str(tmp_path)
    with examine.opened(url, examine.expected(url, "estate")) as data:
        assert report(data, None, tmp_path / "out", formats=["json", "png"])[0].name == "hosts_overview.png"
        with pytest.raises(DataError, match="no panel of the dashboard capacity draws"):
            report(data, None, tmp_path / "out", name="capacity")


def test_the_day_is_the_busiest_of_trading_and_holds_its_rows(data, rows):
    day, _ = max(
        rows("""SELECT CAST(CAST(time AS DATE) AS VARCHAR), sum(request_count) FROM system_metrics
                WHERE cluster_name = 'prod-trading-cluster' GROUP BY 1"""),
        key=lambda row: row[1],
    )
    columns = {"requests": "throughput_rps", "response": "response_time_ms", "errors": "error_rate"}
    columns |= {"cpu": "cpu_utilization", "pods": "pod_count"}
    for name, column in columns.items():
        told = data.ask(f"trading_{name}")
        wanted = rows("""SELECT service_name, {column} FROM system_metrics WHERE cluster_name = 'prod-trading-cluster'
                         AND CAST(time AS DATE) = CAST(? AS DATE)""", day, column=column)  # fmt: skip
        assert sorted((row[1], row[2]) for row in told.rows) == sorted(wanted)
        assert set(told.column("day")) == {day}
        times = [row[0] for row in told.rows if row[1] == "trading-api"]
        assert times == sorted(times)


def test_the_largest_deviation_is_the_incident_that_there_was_and_truth_names_it(data, rows):
    ((starts, ends),) = rows('SELECT CAST("start" AS TIMESTAMP), CAST("end" AS TIMESTAMP) FROM incidents')
    assert str(starts) == SPIKE_AT
    assert data.ask("incidents_around_deviation").rows == [(starts, ends, "trading latency spike at trading-api")]
    for name, column in (("errors", "error_rate"), ("response", "response_time_ms")):
        told = data.ask(f"deviation_{name}")
        assert told.column("service_name")[0] == "trading-api"
        services = list(dict.fromkeys(told.column("service_name")))
        assert len(services) <= 5
        since, until = min(told.column("time")), max(told.column("time"))
        assert since < starts < ends < until
        wanted = rows("""SELECT service_name, {column} FROM system_metrics WHERE service_name = ANY(?) AND
                         time BETWEEN ? AND ?""", services, f"{since}+00", f"{until}+00", column=column)  # fmt: skip
        assert sorted((row[1], row[2]) for row in told.rows) == sorted(wanted)


def test_records_are_marked_where_there_is_no_truth(data, rows):
    with examine.opened(data.url, examine.expected(data.url, None)) as opened:
        ((since, until, name),) = opened.ask("incidents_around_deviation").rows
    told = rows("SELECT CAST(time AS TIMESTAMP), root_cause_description FROM incident_metrics ORDER BY time")
    assert (until, name) == told[-1]
    assert since < told[0][0] < until
    assert abs((since - datetime.fromisoformat(SPIKE_AT)).total_seconds()) < 6  # records count tenths of a minute


def test_databases_and_calls_agree_with_a_recount(data, rows):
    for name, column in (("connections", "database_connections"), ("cpu", "cpu_utilization")):
        told = data.ask(f"database_{name}_over_time")
        wanted = rows("SELECT db_identifier, {column} FROM database_metrics", column=column)
        assert sorted((row[1], row[2]) for row in told.rows) == sorted(wanted)
        means = {db: np.mean([value for other, value in wanted if other == db]) for db, _ in wanted}
        order = list(dict.fromkeys(told.column("db_identifier")))
        assert all(means[one] >= means[other] for one, other in pairwise(order))
    readings = rows("""SELECT source_service, target_service, p50_latency_ms, p95_latency_ms, p99_latency_ms
                       FROM network_metrics WHERE request_count > 0""")  # fmt: skip
    calls: dict[tuple[str, str], list[list[float]]] = {}
    for source, target, *values in readings:
        calls.setdefault((source, target), []).append(values)
    middle = {call: np.median(np.array(values), axis=0) for call, values in calls.items()}
    for source, target, p95 in data.ask("call_latency").rows:
        assert p95 == pytest.approx(middle[source, target][1])
    assert len(data.ask("call_latency").rows) == len(calls)
    slowest = data.ask("slowest_calls").rows
    tops = sorted((values[2] for values in middle.values()), reverse=True)[:24]
    assert [value for _, name, value in slowest if name == "p99"] == pytest.approx(tops)


def test_costs_and_events_agree_with_a_recount(data, rows):
    ((cost, waste),) = rows("SELECT sum(daily_cost) / 48, sum(estimated_waste) / 48 FROM cost_metrics")
    centres = data.ask("cost_by_centre").rows
    assert sum(value for _, _, value in centres) == pytest.approx(cost)
    assert sum(value for _, part, value in centres if part == "waste") == pytest.approx(waste)
    assert "CC-1100 trading" in {name for name, _, _ in centres}
    by_type = data.ask("cost_by_type").dicts()
    for hour in {row["time"] for row in by_type}:
        wanted = rows(
            "SELECT sum(daily_cost), sum(estimated_waste) FROM cost_metrics WHERE time = CAST(? AS TIMESTAMPTZ)",
            f"{hour}+00",
        )
        told = [row for row in by_type if row["time"] == hour]
        assert (sum(row["usd_per_day"] for row in told), told[0]["waste_usd_per_day"]) == pytest.approx(wanted[0])
    for name, table, column, key in (
        ("security_events_by_day", "security_events", "severity", "event_id"),
        ("changes_by_day", "changes", "change_type", "change_id"),
    ):
        sql = """SELECT CAST(CAST(first AS DATE) AS VARCHAR), {column}, count(*)
                 FROM (SELECT {key}, {column}, min(time) AS first FROM {table} GROUP BY 1, 2) GROUP BY 1, 2"""
        wanted = rows(sql, table=table, column=column, key=key)
        assert sorted((f"{day:%Y-%m-%d}", kind, number) for day, kind, number in data.ask(name).rows) == sorted(wanted)
    types = rows("""SELECT replace(event_type, '_', ' '), severity, count(DISTINCT event_id) FROM security_events
                    GROUP BY 1, 2""")  # fmt: skip
    assert sorted(data.ask("security_events_by_type").rows) == sorted(types)


def test_the_graph_has_every_node_once_and_every_link(data, rows):
    panel = next(panel for panel in SHOWN.panels if panel.kind == "graph")
    found = layers.arranged(panel, data.ask(panel.query))
    labels = ("WebService", "Service", "RDSInstance", "EC2Instance", "ExternalService")
    assert set(found.kinds) == {name for label in labels for (name,) in rows('SELECT name FROM "{label}"', label=label)}
    types = ("DEPENDS_ON", "CALLS_API", "QUERIES", "INTEGRATES_WITH")
    counts = [rows('SELECT count(*) FROM "{kind}"', kind=kind)[0][0] for kind in types]
    assert len(found.links) == sum(counts)
    assert found.bands == dict(rows('SELECT name, cluster_name FROM "Service"'))
    for one, other, _ in found.links:
        same = found.bands.get(one) == found.bands.get(other)
        assert not same or found.columns[one] < found.columns[other]
    for band, (upper, lower) in found.edges.items():
        assert all(upper < found.rows[name] < lower for name, where in found.bands.items() if where == band)
    for one, other in combinations(found.kinds, 2):
        apart = abs(found.rows[one] - found.rows[other]) >= 0.99
        assert apart or found.columns[one] != found.columns[other], (one, other)


def test_a_graph_with_a_cycle_or_without_links_is_drawn_all_the_same():
    panel = Panel("t", "q", "graph", "name", "calls", Place(1, 1), series="kind", group="place", value="relation")
    columns = ("name", "kind", "place", "calls", "relation")
    circle = [("a", "service", "x", "b", "call"), ("b", "service", "x", "a", "call")]
    found = layers.arranged(panel, Result(columns, circle))
    assert set(found.columns) == {"a", "b"}
    alone = layers.arranged(panel, Result(columns, [("a", "service", None, None, None)]))
    assert alone.columns == {"a": 0}


def test_series_beyond_the_first_are_grey_and_counted():
    from matplotlib.figure import Figure

    start = np.datetime64("2025-03-04T00:00").astype(object)
    hour = np.timedelta64(1, "h").astype(object)
    rows = [(start + step * hour, f"s{place}", float(step)) for place in range(8) for step in range(30)]
    panel = Panel("t", "q", "lines", "time", "y", Place(1, 1), series="name")
    figure = Figure(figsize=(6, 4))
    axes = figure.subplots()
    series.lines(axes, panel, Result(("time", "name", "y"), rows), THEMES["dark"])
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["s0", "s1", "s2", "s3", "s4", "3 others"]
    colours = [line.get_color() for line in axes.lines]
    assert colours.count(series.pale(THEMES["dark"])) == 3
    assert len(set(colours)) == 6


@pytest.mark.parametrize(
    ("values", "limits"),
    [((1.86, 2.22), (1, 10)), ((9.5, 12.0), (1, 100)), ((1.0, 1.0), (1, 10)), ((0.0, 3.0), (1, 10))],
)
def test_an_axis_by_powers_of_ten_has_two_of_them_at_least(values, limits):
    """Else it has no number, and noise of a tenth fills it."""
    from matplotlib.figure import Figure

    start = np.datetime64("2025-03-04T00:00").astype(object)
    hour = np.timedelta64(1, "h").astype(object)
    rows = [(start + step * hour, "s", value) for step, value in enumerate(values)]
    panel = Panel("t", "q", "lines", "time", "y", Place(1, 1), series="name", logarithmic=True)
    axes = Figure(figsize=(6, 4)).subplots()
    series.lines(axes, panel, Result(("time", "name", "y"), rows), THEMES["dark"])
    assert axes.get_ylim() == pytest.approx(limits)


@pytest.mark.parametrize(("name", "key"), [("security_events", "event_id"), ("changes", "change_id")])
@pytest.mark.parametrize("days", [20, 70])
def test_counts_are_those_of_a_day_however_long_the_data_is(name, key, days):
    """Of three a day and kind, three are told: of each day, or of a week's days in the mean."""
    column = {"security_events": "severity", "changes": "change_type"}[name]
    with duckdb.connect() as store:
        store.execute("SET TimeZone = 'UTC'")
        made = """CREATE TABLE {name} AS SELECT TIMESTAMPTZ '2025-03-03 00:00:00+00' + to_hours(8 * n) AS time,
                  concat(kind, n) AS {key}, kind AS {column}
                  FROM range({steps}) AS steps(n), (VALUES ('low'), ('high')) AS kinds(kind)"""
        store.execute(made.format(name=name, key=key, column=column, steps=3 * days))
        found = store.execute(query(f"{name}_by_day").sql).fetchall()
    assert len(found) == 2 * (days if days < 32 else days // 7)
    assert {count for *_, count in found} == {3}


@pytest.mark.parametrize("name", ["tab\there", "line\rback", "two\nlines\x1b"])
def test_names_with_characters_that_no_font_shows_are_drawn_without_a_warning(name):
    panel = next(one for one in SHOWN.panels if one.kind == "lines")
    moments = [datetime(2025, 3, 5, hour, tzinfo=UTC) for hour in (9, 10)]
    shown = Result(
        (panel.x, panel.y, panel.series, *panel.note),
        [(moment, 1.0 + place, name, name, name) for place, moment in enumerate(moments)],
    )

    told: Any = SimpleNamespace(ask=lambda asked: shown if asked == panel.query else Result((), [], "none"))
    drawn = render.picture(render.alone(panel), told, THEMES["dark"], size_inches=(6, 3))
    assert drawn.startswith(b"\x89PNG")
