"""A comparison reads any telemetry, gives verdicts that are right, and says what it cannot do."""

import json

import duckdb
import numpy as np
import pytest

pytest.importorskip("sklearn")

from ghostfleet.analysis.realism import Columns, MissingExtraError, Settings, as_text, ensure_installed, measure, read
from ghostfleet.analysis.realism.distances import distances
from ghostfleet.analysis.realism.measure import ensure_sensible
from ghostfleet.analysis.realism.relations import relations
from ghostfleet.core.errors import DataError, ScenarioError
from ghostfleet.core.table import Kind, Table, column
from tests.unit.analysis import fleets
from tests.unit.analysis.fleets import LENGTH_S, LONG, STEP_S, bursty, fleet, smooth

HOW = Settings(STEP_S, LENGTH_S, windows=100, seed=1, repeats=1)
FORMS = {**dict.fromkeys(("wide.parquet", "wide.csv", "wide.csv.gz", "wide.jsonl"), "FROM given"), "long.parquet": LONG}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fleets")


@pytest.fixture(scope="module")
def real(folder):
    return fleets.write(fleet(bursty, 20, 3, seed=1), folder / "real.parquet")


@pytest.fixture(scope="module")
def alike(folder, real):
    data = fleets.write(fleet(bursty, 20, 3, seed=2), folder / "alike.csv.gz")
    return measure(read(data, STEP_S), read(real, STEP_S), HOW)


@pytest.fixture(scope="module")
def other(folder, real):
    data = fleets.write(fleet(smooth, 20, 3, seed=3), folder / "other.parquet", LONG)
    return measure(read(data, STEP_S), read(real, STEP_S), HOW)


def test_two_halves_of_one_fleet_are_not_told_apart(alike):
    assert {one.metric for one in alike.metrics} == {"cpu", "memory"}
    assert alike.mean_auc == pytest.approx(0.5, abs=0.12)
    assert alike.together.test.auc < 0.65
    assert all(one.forecast.ratio == pytest.approx(1, abs=0.1) for one in alike.metrics)


def test_a_sine_with_noise_is_told_from_bursts(other):
    assert all(one.test.low > 0.9 for one in other.metrics)
    assert other.together.test.auc > 0.8
    assert other.metrics[0].forecast.ratio > 1.05


def test_the_worst_distance_comes_first_and_tells_are_those_of_the_measuring(other):
    memory = next(one for one in other.metrics if one.metric == "memory")
    assert [one.ks for one in memory.distances] == sorted((one.ks for one in memory.distances), reverse=True)
    assert {one.feature for one in memory.tells} <= {one.feature for one in memory.distances}
    assert {"distinct", "longest_plateau", "grid_fit"} <= {one.feature for one in memory.tells}


def test_the_same_question_has_the_same_answer(folder, real, alike):
    again = measure(read(str(folder / "alike.csv.gz"), STEP_S), read(real, STEP_S), HOW)
    assert again.as_dict() == alike.as_dict()


def test_the_report_has_a_line_per_metric_and_is_json(other):
    text = as_text(other)
    assert [line.split()[0] for line in text.splitlines()[2:6]] == ["metric", "cpu", "memory", "together"]
    facts = json.loads(json.dumps(other.as_dict(), allow_nan=False))
    assert facts["auc_mean"] == round(other.mean_auc, 4)
    assert facts["metrics"][0]["names"] == {"data": "cpu", "real": "cpu_pct"}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_series(tmp_path, name):
    given = fleet(bursty, 3, 1, seed=4)
    side = read(fleets.write(given, tmp_path / name, FORMS[name]), STEP_S)
    (metric,) = [metric for metric in side.metrics if metric.startswith("cpu")]
    found = side.series(metric, 10, 1)
    assert [one.entity for one in found] == ["host-00", "host-01", "host-02"]
    np.testing.assert_allclose(np.concatenate([one.values for one in found]), given["cpu_pct"], rtol=1e-9)
    assert found[0].bins[0] == fleets.START.astype(int) // STEP_S


def test_a_table_that_is_known_needs_no_options(tmp_path):
    columns = (
        column("when", Kind.TIME, ""),
        column("zone", Kind.TEXT, ""),
        column("box", Kind.TEXT, ""),
        column("cpu", Kind.F64, ""),
        column("month", Kind.I64, ""),
    )
    table = Table("boxes", "", columns, ("zone", "box", "when"), ("zone", "box", "when"))
    select = """SELECT 'a' AS zone, host AS box, moment AS "when", cpu_pct AS cpu, 3 AS month FROM given"""
    fleets.write(fleet(bursty, 2, 1, seed=5), tmp_path / "boxes.csv", select)
    store = duckdb.connect(str(tmp_path / "boxes.duckdb"))
    store.execute(f"CREATE TABLE boxes AS FROM read_csv('{tmp_path / 'boxes.csv'}')")
    store.close()
    for url in (tmp_path, tmp_path / "boxes.csv", f"duckdb:{tmp_path / 'boxes.duckdb'}"):
        side = read(str(url), STEP_S, [table, table])
        assert side.metrics == ("cpu",)
        assert [one.entity for one in side.series("cpu", 10, 1)] == ["a/host-00", "a/host-01"]


def test_columns_can_be_named(tmp_path):
    select = """
        SELECT 'x' AS a, host, CAST(1000 * epoch(moment) AS BIGINT) AS t, cpu_pct AS "CPU usage [%]", 1 AS rank
        FROM given
    """
    path = fleets.write(fleet(bursty, 2, 1, seed=6), tmp_path / "own.csv", select)
    side = read(path, STEP_S, given=Columns("host", "t", ("CPU usage [%]",)))
    assert [len(one.bins) for one in side.series("CPU usage [%]", 10, 1)] == [288, 288]
    with pytest.raises(DataError, match=r"own\.csv has no column server; it has a, host, t"):
        read(path, STEP_S, given=Columns("server"))


def test_finer_readings_are_averaged_onto_the_grid(tmp_path):
    given = fleet(bursty, 1, 1, seed=7)
    side = read(fleets.write(given, tmp_path / "fine.parquet"), 2 * STEP_S)
    np.testing.assert_allclose(side.series("cpu_pct", 1, 1)[0].values, given["cpu_pct"].reshape(-1, 2).mean(axis=1))


def test_too_few_entities_are_counted_and_how_many_are_needed_is_said(tmp_path, real):
    few = fleets.write(fleet(bursty, 4, 2, seed=8), tmp_path / "few.parquet")
    with pytest.raises(DataError, match=r"4 entities in DATA and 20 in REAL .*; at least 10 on each side are needed"):
        measure(read(few, STEP_S), read(real, STEP_S), HOW)


def test_sides_without_a_common_metric_are_refused_with_what_they_have(tmp_path, real):
    strange = fleets.write(
        fleet(bursty, 2, 1, seed=9), tmp_path / "strange.parquet", "SELECT host, moment, cpu_pct AS fans FROM given"
    )
    with pytest.raises(
        DataError, match=r"no metric is on both sides: .* has fans; .* has cpu_pct, mem_pct\..*--map A=B"
    ):
        measure(read(strange, STEP_S), read(real, STEP_S), HOW)


def test_a_coarser_cadence_is_said(tmp_path, real):
    hourly = fleets.write(
        fleet(bursty, 12, 3, seed=10), tmp_path / "hourly.parquet", "FROM given WHERE minute(moment) = 0"
    )
    with pytest.raises(DataError, match="cpu, memory: readings of DATA are 1h apart, coarser than --step 5m"):
        measure(read(hourly, STEP_S), read(real, STEP_S), HOW)


def test_a_window_that_is_too_short_is_refused():
    with pytest.raises(
        ScenarioError, match="--length 1h is too short: a window needs 24 steps of 5m, so at least --length 2h"
    ):
        ensure_sensible(Settings(300, 3600))
    with pytest.raises(ScenarioError, match="--length 1d is no multiple of --step 7m"):
        ensure_sensible(Settings(420, 86_400))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("no.parquet", None, "is not there"),
        ("what.xyz", "a", "has no known suffix"),
        ("numbers.csv", "t,cpu\n1,2\n", r"but times \(ISO 8601, .*\); it has t, cpu: name one with --real-time"),
        ("nobody.csv", "time,cpu\n1,2\n", "but texts that name the entities; it has .*: name one with --real-entity"),
        ("nothing.csv", "time,host\n1,a\n", "but numbers; it has time, host: name one with --real-metrics"),
        ("header.csv", "time,host,cpu\n", "header.csv holds no rows, only the columns time, host, cpu"),
        ("empty.csv", "", "empty.csv is empty"),
        ("cut.parquet", "PAR1", "cut.parquet cannot be read"),
        ("what.duckdb", "a", "what.duckdb is no DuckDB file"),
        ("none/", None, "holds no file that can be read; valid are csv.gz, csv"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, name, text, said):
    if name.endswith("/"):
        (tmp_path / name).mkdir()
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=said):
        read(str(tmp_path / name), STEP_S, given=Columns(options="--real-"))


def test_a_path_of_no_letters_is_not_the_folder_at_hand():
    with pytest.raises(DataError, match="not there; valid is a file, a folder or duckdb:FILE"):
        read("", STEP_S)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "time,host,cpu\nyesterday,a,1\n",
            "no reading of cpu in 1 rows: 1 with an entity, 0 with a time that can be read",
        ),
        ("time,host,cpu\n2024-01-01,a,low\n", "1 with a time that can be read, 0 with a number"),
        ("time,host,cpu\n", "holds no rows"),
    ],
)
def test_columns_that_are_named_and_hold_nothing_of_use_are_said(tmp_path, text, said):
    (tmp_path / "own.csv").write_text(text)
    side = read(str(tmp_path / "own.csv"), STEP_S, given=Columns("host", "time", ("cpu",)))
    with pytest.raises(DataError, match=said):
        side.series("cpu", 10, 1)


def test_of_long_form_metrics_can_be_named_and_nothing_else(tmp_path):
    path = fleets.write(fleet(bursty, 2, 1, seed=6), tmp_path / "long.csv", LONG)
    assert read(path, STEP_S, given=Columns(metrics=("mem_used",))).metrics == ("mem_used",)
    with pytest.raises(DataError, match=r"long\.csv has no metric disk; it has cpu, mem_used"):
        read(path, STEP_S, given=Columns(metrics=("disk",)))
    with pytest.raises(ScenarioError, match="in long form, whose entity is series_id; leave --entity host out"):
        read(path, STEP_S, given=Columns("host"))


def test_times_with_a_zone_are_the_same_whatever_the_zone_of_the_machine(tmp_path):
    select = "SELECT host, make_timestamptz(epoch_us(moment)) AS at, cpu_pct FROM given"
    side = read(fleets.write(fleet(bursty, 1, 1, seed=7), tmp_path / "zoned.parquet", select), STEP_S)
    side.store.execute("SET TimeZone = 'America/New_York'")
    assert side.series("cpu_pct", 1, 1)[0].bins[0] == fleets.START.astype(int) // STEP_S


def test_a_missing_library_is_named_with_how_to_install_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sklearn", None)
    with pytest.raises(MissingExtraError, match=r'needs sklearn; install with pip install "ghostfleet\[realism\]"'):
        ensure_installed()


def test_what_draws_is_needed_for_a_picture_only(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    ensure_installed()
    with pytest.raises(MissingExtraError, match="needs matplotlib"):
        ensure_installed(with_picture=True)


def test_a_store_that_changes_its_mind_is_said(tmp_path):
    path = tmp_path / "gone.parquet"
    side = read(fleets.write(fleet(bursty, 2, 1, seed=12), path), STEP_S)
    path.write_bytes(b"PAR1PAR1")
    with pytest.raises(DataError, match=r"gone\.parquet cannot be read"):
        side.series("cpu_pct", 10, 1)


def test_relations_are_rank_correlations_and_missing_where_nothing_moves():
    draws = np.random.default_rng(11)
    x = draws.normal(size=(2, 50))
    y = np.exp(3 * x)
    y[1] = 4.0
    found = relations({"x": x, "y": y})
    np.testing.assert_allclose(found["x ~ y"], [1.0, np.nan])
    assert set(found) == {"x ~ y", "x ~ y, changes"}


def test_distances_are_known_on_known_samples():
    values = np.arange(100.0)
    near, far = distances({"far": values, "near": values}, {"far": values + 200, "near": values + 10})[::-1]
    assert (far.feature, far.ks, near.feature) == ("far", 1.0, "near")
    assert near.ks == pytest.approx(0.1)
    assert near.wasserstein == pytest.approx(10 / values.std())
