"""The report of hosts shows what their agents reported, and says so where they reported nothing."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pyarrow.csv
import pytest

from ghostfleet import signals
from ghostfleet.cli import root
from ghostfleet.core.errors import DataError
from ghostfleet.dashboards import Panel, dashboard, names, pictures, render, report
from ghostfleet.dashboards.panels import Place
from ghostfleet.dashboards.render import _box
from ghostfleet.dashboards.themes import THEMES
from ghostfleet.queries import open_data, query
from tests.queries import material

TABLES = (signals.signal("host_metrics").TABLE,)
METRICS = ("cpu", "memory", "disk_read", "disk_write", "net_in", "net_out")
LABELS = dict(zip(METRICS, ("CPU", "Memory", "Disk read", "Disk write", "Net in", "Net out"), strict=True))
HOSTS, DAYS, ROWS = 24, 2, 288
HEAD = "host_id,time," + ",".join(METRICS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("hosts")
    arguments = ["generate", "hosts", "--hosts", str(HOSTS), "--days", str(DAYS), "--to", str(place), "--quiet"]
    assert root.run(arguments) == 0
    return place


@pytest.fixture
def data(folder):
    with open_data(str(folder), TABLES) as opened:
        yield opened


@pytest.fixture(scope="module")
def readings(folder):
    """Metrics as they stand in the file: host, row, and NaN where there is none."""
    rows = pyarrow.csv.read_csv(folder / "host_metrics.csv.gz")
    assert rows["host_id"].to_pylist() == sorted(rows["host_id"].to_pylist())
    return {name: rows[name].to_numpy().astype(float).reshape(HOSTS, DAYS * ROWS) for name in METRICS}


def one_host(tmp_path, rows):
    """Rows of hosts, written by hand."""
    path = tmp_path / "host_metrics.csv"
    path.write_text("\n".join([HEAD, *rows]) + "\n")
    return str(path)


@pytest.mark.parametrize("name", names())
def test_panels_fill_their_grid_and_do_not_overlap(name):
    shown = dashboard(name)
    boxes = [_box(shown, panel, 20 / shown.height_inches) for panel in shown.panels]
    for (a, b, c, d), (e, f, g, h) in combinations(boxes, 2):
        assert a + c <= e or e + g <= a or b + d <= f or f + h <= b
    assert sum(panel.place.width * panel.place.height for panel in shown.panels) == shown.columns * shown.rows


def test_every_panel_names_columns_that_its_query_returns_and_declares(data):
    for panel in dashboard("hosts").panels:
        named = {panel.x, panel.y, panel.value, panel.mean, *panel.note} - {""}
        returned = data.ask(panel.query).columns
        assert named <= set(returned), panel.title
        assert ", ".join(returned) == query(panel.query).header["columns"]


def test_a_report_of_hosts_is_whole_and_picked_by_the_tables_there_are(folder, tmp_path, capsys):
    assert root.run(["report", str(folder), "--to", str(tmp_path)]) == 0
    files = ["hosts_overview.html", "hosts_overview.png", "statistics.json", "statistics.txt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == files
    assert len(capsys.readouterr().out.splitlines()) == len(files)
    page = (tmp_path / "hosts_overview.html").read_text("utf-8")
    assert "<dt>Hosts</dt><dd>24</dd>" in page
    assert "erver" not in page.partition("base64")[0]  # words of the other dashboard
    assert "Correlation of the metrics within hosts" in page


def test_a_store_of_both_tables_is_drawn_by_the_dashboard_that_is_named(folder, tmp_path):
    material.write(tmp_path, "data.num_servers=6", "data.years_of_data=1")
    (tmp_path / "host_metrics.csv.gz").write_bytes((folder / "host_metrics.csv.gz").read_bytes())
    with open_data(str(tmp_path), (*TABLES, *material.TABLES)) as both:
        (usual, _), (named, _) = (
            report(both, None, tmp_path / "out", formats=["html", "json"], name=name) for name in (None, "hosts")
        )
    assert (usual.name, named.name) == ("synthetic_data_overview.html", "hosts_overview.html")


def test_data_that_no_dashboard_draws_is_refused(tmp_path):
    (tmp_path / "host_metrics.csv").write_text("host_id,time\na,2025-01-01T00:00:00Z\n")
    with (
        open_data(str(tmp_path), TABLES) as bare,
        pytest.raises(DataError, match="no dashboard draws host_metrics; there is nothing"),
    ):
        report(bare, None, tmp_path / "out")


def test_statistics_agree_with_an_independent_recount(data, readings, tmp_path):
    report(data, None, tmp_path, formats=["json", "txt"])
    facts = json.loads((tmp_path / "statistics.json").read_text("utf-8"))
    assert (facts["records"], facts["hosts"], facts["duration_days"]) == (HOSTS * DAYS * ROWS, HOSTS, DAYS)
    assert (facts["since"], facts["until"]) == ("2025-03-03T00:00:00Z", "2025-03-04T23:55:00Z")
    assert facts["duplicates"] == 0
    assert list(facts["metrics"]) == list(METRICS)
    assert facts["units"] == {column.name: column.unit for column in TABLES[0].columns if column.name in METRICS}
    for name, values in readings.items():
        there, said = values[~np.isnan(values)], facts["metrics"][name]
        p50, p95, p99 = np.percentile(there, (50, 95, 99))
        assert said["missing"] == values.size - there.size
        wanted = {"mean": there.mean(), "deviation": there.std(ddof=1), "low": there.min(), "high": there.max()}
        wanted |= {"p50": p50, "p95": p95, "p99": p99, "missing_pct": 100 * np.isnan(values).mean()}
        assert {key: said[key] for key in wanted} == pytest.approx(wanted, rel=1e-9, abs=1e-4), name
    assert facts["missing"] == sum(int(np.isnan(values).sum()) for values in readings.values()) > 0
    kinds: dict[str, int] = {}
    for host in range(HOSTS):
        seen = [name for name in METRICS if not np.isnan(readings[name][host]).all()]
        words = {"disk" if "disk" in name else "network" if "net" in name else name: None for name in seen}
        kinds[", ".join(words)] = kinds.get(", ".join(words), 0) + 1
    assert facts["hosts_by_metrics_reported"] == kinds


def test_bands_count_every_host_once(data, readings):
    found = dict(data.ask("hosts_by_mean_cpu").rows)
    means = readings["cpu"].mean(axis=1)
    edges = [0, 1, 5, 10, 20, 50, np.inf]
    assert list(found.values()) == np.histogram(means, edges)[0].tolist()
    assert sum(found.values()) == HOSTS


def test_means_over_time_by_hour_and_quantiles_agree_with_a_recount(data, readings):
    cpu = readings["cpu"]
    by_hour = np.nanmean(cpu.reshape(HOSTS, DAYS, 24, 12), axis=(0, 1, 3))
    assert data.ask("host_cpu_by_hour").column("cpu_percent") == pytest.approx(by_hour.tolist())
    over_time = data.ask("host_cpu_over_time")
    assert over_time.column("cpu_percent") == pytest.approx(np.nanmean(cpu, axis=0).tolist())
    assert set(over_time.column("grain")) == {"every row"}
    quantiles = np.nanquantile(cpu, (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1))
    assert data.ask("host_cpu_quantiles").column("cpu_percent") == pytest.approx(quantiles.tolist())


def test_correlations_are_those_of_readings_without_their_hosts_mean_and_scale(data, readings):
    """r = Σ z z' / n over the rows of all hosts that have both, z a reading less its host's mean over its deviation."""
    found = {(row[0], row[1]): row[2] for row in data.ask("host_metric_correlations").rows}
    assert len(found) == len(METRICS) ** 2
    for left, right in combinations(METRICS, 2):
        together, count = 0.0, 0
        for one, other in zip(readings[left], readings[right], strict=True):
            both = ~np.isnan(one) & ~np.isnan(other)
            pair = np.stack([one[both], other[both]])
            if both.any() and (pair.std(axis=1) > 0).all():
                z = (pair - pair.mean(axis=1, keepdims=True)) / pair.std(axis=1, keepdims=True)
                together, count = together + float(z[0] @ z[1]), count + pair.shape[1]
        assert found[LABELS[left], LABELS[right]] == pytest.approx(together / count, abs=1e-9)
        assert found[LABELS[right], LABELS[left]] == found[LABELS[left], LABELS[right]]


def test_the_lively_host_is_the_one_whose_cpu_deviates_most_of_those_that_report_most(data, readings):
    result = data.ask("lively_host_cpu")
    reported = sum((~np.isnan(values)).any(axis=1).astype(int) for values in readings.values())
    deviation = readings["cpu"].reshape(HOSTS, DAYS, ROWS).std(axis=2)
    candidates = np.flatnonzero(reported == reported.max())
    host = max(candidates, key=lambda place: np.sqrt((deviation[place] ** 2).mean()))
    day = int(deviation[host].argmax())
    assert set(result.column("host_id")) == {sorted(data_ids(data))[host]}
    assert set(result.column("day")) == {f"2025-03-{3 + day:02}"}
    assert result.column("cpu_percent") == pytest.approx(readings["cpu"][host, day * ROWS : (day + 1) * ROWS].tolist())
    for name in ("memory", "disk_writes", "network"):
        other = data.ask(f"lively_host_{name}")
        assert [row[0] for row in other.rows] == result.column("time")
        assert set(other.column("host_id")) == set(result.column("host_id"))


def data_ids(data):
    return [row[0] for row in data.store.execute("SELECT DISTINCT host_id FROM host_metrics").fetchall()]


def test_a_metric_that_nobody_reports_is_no_data_and_never_zero(tmp_path, monkeypatch):
    rows = [f"host-{host},2025-01-01T00:{minute:02}:00Z,,,1,{minute},," for host in "ab" for minute in range(0, 60, 5)]
    said: list[str] = []
    texts: list[str] = []
    placeholder = render._placeholder

    def heard(axes, why, theme):
        said.append(why)
        placeholder(axes, why, theme)
        texts.extend(text.get_text() for text in axes.texts)

    monkeypatch.setattr(render, "_placeholder", heard)
    with open_data(one_host(tmp_path, rows), TABLES) as data:
        report(data, None, tmp_path / "out")
        assert [row for row in data.ask("hosts_by_mean_cpu").rows if row[1]] == [("no data", 2)]
        correlations = {row[:2]: row[2] for row in data.ask("host_metric_correlations").rows}
        assert data.ask("hosts_by_metrics_reported").rows == [("disk", 2, 100.0)]
    panels = [panel.query for panel in dashboard("hosts").panels]
    silent = {"host_cpu_over_time", "lively_host_cpu", "lively_host_network", "lively_host_memory"}
    silent |= {"host_cpu_by_hour", "host_cpu_quantiles"}
    assert silent < set(panels)
    assert said == ["every value is missing"] * len(silent)
    assert set(texts) == {"No data: every value is missing."}
    assert correlations["CPU", "Disk write"] is None
    assert correlations["Disk read", "Disk write"] is None  # one of them stands still
    assert correlations["Disk write", "Disk write"] == pytest.approx(1)
    facts = json.loads((tmp_path / "out/statistics.json").read_text("utf-8"))["metrics"]["cpu"]
    assert facts == dict.fromkeys(facts) | {"missing": 24, "missing_pct": 100}
    line = next(x for x in (tmp_path / "out/statistics.txt").read_text("utf-8").splitlines() if x.startswith("cpu "))
    assert line.split() == ["cpu", "%", *"–––––––", "24", "100.00"]


def test_a_missing_bar_or_point_among_others_is_a_dash_or_a_gap():
    from matplotlib.figure import Figure

    from ghostfleet.queries import Result

    result = Result(("x", "y"), [("a", 2.0), ("b", None), ("c", 0.0)])
    panel = Panel("t", "q", "bars", "x", "y", Place(1, 1), from_zero=True)
    axes = Figure().subplots()
    pictures.bars(axes, panel, result, THEMES["dark"])
    assert [text.get_text() for text in axes.texts] == ["2", "–", "0"]
    axes = Figure().subplots()
    pictures.line(axes, panel, result, THEMES["dark"])
    assert [text.get_text() for text in axes.texts] == ["2", "0"]


@pytest.mark.parametrize("span", [(24, 2, 300), (40, 400, 86400), (3, 1, 3600)], ids=str)
def test_no_text_of_a_picture_lies_on_another(span, tmp_path, monkeypatch):
    """For hosts with long names, some without CPU, over an hour, days and a year."""
    count, days, step = span
    steps = int(days * 86400 / step)
    draws = np.random.default_rng(1).lognormal(2, 2, (count, steps, len(METRICS)))
    draws[..., :2] = np.minimum(draws[..., :2], 100)
    times = np.datetime64("2025-01-01T00:00:00") + np.arange(steps) * np.timedelta64(step, "s")
    rows = [
        f"ip-10-0-12-{100 + host}.eu-central-1.compute.internal,{time}Z,"
        + ",".join(
            "" if host == 0 and place == 0 else f"{value:.6f}" for place, value in enumerate(draws[host, number])
        )
        for host in range(count)
        for number, time in enumerate(times)
    ]
    drawn = []
    card = render._card

    def kept(figure, *arguments):
        card(figure, *arguments)
        drawn.append(figure)

    monkeypatch.setattr(render, "_card", kept)
    with open_data(one_host(tmp_path, rows), TABLES) as data:
        render.picture(dashboard("hosts"), data, THEMES["dark"], "subtitle")
    figure = drawn[-1]
    for axes in figure.axes:
        ticks = [axes.get_xticklabels(), axes.get_yticklabels(), axes.texts]
        for texts in ticks:
            boxes = [text.get_window_extent() for text in texts if text.get_text() and text.get_visible()]
            for one, other in combinations(boxes, 2):
                assert not one.overlaps(other), axes
    boxes = [text.get_window_extent() for text in figure.texts if text.get_text()]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    assert figure.axes[1].get_xticklabels()[-1].get_text() == "no data"


def test_equal_data_make_equal_reports(folder, tmp_path):
    bodies = []
    for place in ("one", "two"):
        with open_data(str(folder), TABLES) as data:
            bodies.append([path.read_bytes() for path in report(data, None, tmp_path / place)])
    assert bodies[0] == bodies[1]
