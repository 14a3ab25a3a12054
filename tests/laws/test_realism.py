"""What every comparison with real telemetry obeys: equal sides cannot be told apart, others can, and by what."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("sklearn")

from ghostfleet.analysis.realism import Columns, Settings, measure, read
from ghostfleet.analysis.realism.distances import mean_ks
from ghostfleet.analysis.realism.meanings import meaning
from ghostfleet.analysis.realism.twosample import Chance, grouped, told_apart
from tests.unit.analysis import fleets
from tests.unit.analysis.fleets import LENGTH_S, STEP_S, bursty, fleet

HOW = Settings(STEP_S, LENGTH_S, windows=80, seed=1, repeats=1)
ENTITIES, DAYS = 40, 2
POINTS = DAYS * 288
TELLS = {"distinct", "commonest", "at_floor", "at_ceiling", "still", "longest_plateau", "grid_fit", "grid_cells"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("laws")


@pytest.fixture(scope="module")
def whole():
    return fleet(bursty, ENTITIES, DAYS, seed=21)


@pytest.fixture(scope="module")
def halves(folder, whole):
    """Every other entity of one fleet, and the rest: as tables and as files."""
    even = np.repeat(np.arange(ENTITIES) % 2 == 0, POINTS)
    tables = [{name: values[side] for name, values in whole.items()} for side in (even, ~even)]
    return tables, [fleets.write(table, folder / f"half-{number}.parquet") for number, table in enumerate(tables)]


@pytest.fixture(scope="module")
def alike(halves):
    """Comparison of the halves, of CPU alone."""
    return compared(halves[1])


def compared(sides, how: Settings = HOW, metrics: tuple[str, ...] = ("cpu_pct",)):
    data, real = sides
    columns = Columns(metrics=metrics)
    return measure(read(data, STEP_S, given=columns), read(real, STEP_S, given=columns), how)


def facts(measured) -> dict:
    """All that was measured, without the names of the files."""
    return {name: value for name, value in measured.as_dict().items() if name not in {"data", "real"}}


def changed(table, cpu) -> dict:
    """The same fleet with another CPU, and other names, so that nothing is known of an entity's twin."""
    return {**table, "host": np.char.add("other-", table["host"].astype(str)), "cpu_pct": cpu}


def test_halves_of_one_fleet_cannot_be_told_apart(halves):
    """For A, B of one population: E AUC(A, B) = 1/2, E forecast(A, B) = 1, and halves of B are as far apart."""
    found = compared(halves[1], metrics=())
    for one in (*found.metrics, found.together):
        assert one.test.auc == pytest.approx(0.5, abs=0.15)
        assert one.real_alone.auc == pytest.approx(0.5, abs=0.2)
        assert mean_ks(one.distances) < one.real_alone.ks < 0.25  # halves of a half are fewer, so further apart
    assert found.mean_auc == pytest.approx(0.5, abs=0.1)
    assert [one.forecast.ratio for one in found.metrics] == pytest.approx([1, 1], abs=0.1)


def test_data_against_itself_is_one_half_and_one_and_nothing(halves):
    """AUC(A, A) = 1/2, forecast(A, A) = 1, every distance is 0."""
    same = compared((halves[1][0], halves[1][0]), metrics=())
    for one in (*same.metrics, same.together):
        assert one.test.auc == pytest.approx(0.5, abs=1e-9)
        assert max(distance.ks for distance in one.distances) == 0
    assert [one.forecast.ratio for one in same.metrics] == [1.0, 1.0]


def test_without_namesakes_kept_together_copies_seem_worse_than_strangers():
    """The same test, in which an entity is learnt from its copy, is far below 1/2: a mutant."""
    draws = np.random.default_rng(5)
    rows = np.repeat(draws.normal(0, 3, (24, 4)), 5, axis=0) + draws.normal(size=(120, 4))
    names = np.repeat([f"e{number}" for number in range(24)], 5)

    def by_side(labels, groups, seed):  # noqa: ARG001  as folds are called
        from sklearn.model_selection import StratifiedGroupKFold

        strangers = grouped(names, names)
        return StratifiedGroupKFold(5, shuffle=True, random_state=seed).split(labels, labels, strangers)

    assert told_apart(rows, rows, (names, names), Chance(1, 1)).auc == pytest.approx(0.5, abs=1e-9)
    assert told_apart(rows, rows, (names, names), Chance(1, 1), by_side).auc < 0.3


def flattened(cpu):
    """No value above an entity's median."""
    rows = cpu.reshape(-1, POINTS)
    return np.minimum(rows, np.median(rows, axis=1, keepdims=True)).ravel()


def smoothed(cpu):
    """Means of an hour."""
    kernel = np.ones(12) / 12
    return np.concatenate([np.convolve(row, kernel, "same") for row in cpu.reshape(-1, POINTS)])


@pytest.mark.parametrize(
    ("change", "worst"),
    [
        (flattened, {"at_ceiling", "commonest", "still", "longest_plateau", "distinct", "median_place", "tail_high"}),
        (smoothed, {"acf_1", "acf_2", "acf_3", "change_ratio", "turns", "power_octave_1", "power_octave_4", "block_4"}),
        (np.rint, TELLS),
    ],
)
def test_a_changed_copy_is_told_apart_by_what_was_changed(tmp_path, halves, change, worst):
    (table, _), (_, real) = halves
    data = fleets.write(changed(table, change(table["cpu_pct"])), tmp_path / "changed.parquet")
    (cpu,) = compared((data, real)).metrics
    assert cpu.test.auc > 0.95
    assert cpu.distances[0].feature in worst
    assert cpu.distances[0].ks > 0.9
    assert meaning(cpu.distances[0].feature)


def test_neither_level_nor_unit_tells(tmp_path, halves, alike):
    """For all a > 0 and b: AUC(a·A + b, B) = AUC(A, B), up to rounding."""
    (table, _), (_, real) = halves
    moved = fleets.write({**table, "cpu_pct": 1024 * table["cpu_pct"] + 7}, tmp_path / "moved.parquet")
    (found,), (before,) = compared((moved, real)).metrics, alike.metrics
    assert found.test.auc == pytest.approx(before.test.auc, abs=0.05)
    assert found.forecast.ratio == pytest.approx(before.forecast.ratio, abs=0.02)


def test_the_order_of_the_rows_changes_nothing(tmp_path, halves, alike):
    """For all permutations p: measured(p(A), p(B)) = measured(A, B)."""
    shuffled = []
    for number, table in enumerate(halves[0]):
        order = np.random.default_rng(number).permutation(len(table["host"]))
        mixed = {name: values[order] for name, values in table.items()}
        shuffled.append(fleets.write(mixed, tmp_path / f"mixed-{number}.parquet"))
    assert facts(compared(shuffled)) == facts(alike)


def test_the_order_of_readings_within_a_step_changes_nothing(tmp_path):
    """A mean of a step is of a set of readings: readings of 20 s, on a grid of 5 minutes, from 1e-6 to 1e6."""
    draws = np.random.default_rng(3)
    at = fleets.START + 20 * np.arange(1500) * np.timedelta64(1, "s")
    table = {"host": np.full(1500, "a"), "moment": at, "cpu_pct": 10 ** draws.uniform(-6, 6, 1500)}
    order = draws.permutation(1500)
    sides = [table, {name: values[order] for name, values in table.items()}]
    one, other = (
        read(fleets.write(side, tmp_path / f"{number}.parquet"), STEP_S).series("cpu_pct", 1, 1)[0]
        for number, side in enumerate(sides)
    )
    assert one.values.tolist() == other.values.tolist()


def test_the_same_input_gives_the_same_result_and_another_seed_another(halves, alike):
    assert facts(compared(halves[1])) == facts(alike)
    assert compared(halves[1], replace(HOW, seed=2)).mean_auc != alike.mean_auc


def test_missing_values_are_missing_however_they_are_written(tmp_path, halves):
    """A reading that is absent, null, not a number or infinite is none; where both sides miss some, they are alike."""
    (table, other), _ = halves
    gone = np.random.default_rng(9).uniform(size=len(table["host"])) < 0.02
    real = fleets.write({name: values[~gone] for name, values in other.items()}, tmp_path / "real.parquet")
    paths = [fleets.write({name: values[~gone] for name, values in table.items()}, tmp_path / "absent.parquet")]
    for name, value in (("nan", "'nan'::DOUBLE"), ("null", "NULL"), ("infinite", "'-inf'::DOUBLE")):
        select = f"SELECT * EXCLUDE (gone) REPLACE (if(gone, {value}, cpu_pct) AS cpu_pct) FROM given"  # noqa: S608
        paths.append(fleets.write({**table, "gone": gone}, tmp_path / f"{name}.parquet", select))
    first, *others = (read(path, STEP_S).series("cpu_pct", 100, 1) for path in paths)
    assert sum(len(one.bins) for one in first) == np.count_nonzero(~gone)
    for side in others:
        assert [(one.entity, one.bins.tolist(), one.values.tolist()) for one in side] == [
            (one.entity, one.bins.tolist(), one.values.tolist()) for one in first
        ]
    assert compared((paths[0], real)).mean_auc == pytest.approx(0.5, abs=0.15)


def test_every_feature_is_said_in_words(alike):
    for one in alike.metrics:
        assert [distance.feature for distance in one.distances if not meaning(distance.feature)] == []
