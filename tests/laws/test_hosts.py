"""The laws for `host_metrics`: windows are cuts, hosts do not know each other, readings fold exactly."""

import hashlib
import sys
from datetime import datetime
from functools import cache
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostfleet import generate
from ghostfleet.core import draw, maths
from ghostfleet.core.facts import Facts
from ghostfleet.core.window import Window
from ghostfleet.generate import Generator, Task
from ghostfleet.run import history
from ghostfleet.run.history import Request
from ghostfleet.signals import host_metrics
from ghostfleet.signals.host_metrics import METRICS, SAMPLES
from ghostfleet.spec import loading, reading
from ghostfleet.spec.hosts import PROFILES
from ghostfleet.state.hosts import schedule
from ghostfleet.state.hosts.swings import Swings
from ghostfleet.world import hosts as world
from tests.laws import cells, mutants, surroundings

TABLE = "host_metrics"
HOSTS = 24
ROW_S = 300
ROWS = 500
PLACES = [7, 3, 11, 0, 9, 1, 5, 10, 2, 8, 4, 6]
UNALIGNED = [1, 7, 63, 130, 172, 257, 287, 289, 460, 499]  # 172 and 460: soon after midnight UTC


def scenario(*assignments, hosts=HOSTS):
    document = reading.read(loading.shipped()["hosts"], "hosts.yaml")
    return loading.load(document, loading.Settings(assignments=(f"hosts.count={hosts}", *assignments))).scenario


def window(rows=ROWS, skip=411, row_s=ROW_S):
    start = -(-scenario().timeline.since_s // row_s) + skip
    return Window(start, start + rows, row_s)


def observe(generator, rows, first=0, last=HOSTS):
    return cells.joined(
        [
            cells.cells(batch)
            for batch in generator.batches(Task(0, TABLE, first, last, rows, (last - first) * len(rows)))
        ]
    )


def ordered(rows):
    order = np.lexsort((rows["time"], rows["host_id"]))
    return {name: values[order] for name, values in rows.items()}


@cache
def whole():
    return observe(Generator(scenario()), window())


def split(cuts):
    """For all a = c₀ < … < cₙ = b: sort(G[c₀, c₁) + … + G[cₙ₋₁, cₙ)) = G[a, b)."""
    rows = window()
    parts = [
        observe(Generator(scenario()), Window(rows.start + low, rows.start + high, ROW_S))
        for low, high in pairwise([0, *sorted(cuts), ROWS])
    ]
    assert len(parts) >= 7
    cells.assert_equal(ordered(cells.joined(parts)), observe(Generator(scenario()), rows))


def calendars(zone):
    """For windows longer than a day of some calendar, wherever hosts live: G[a, b) is that part of the whole."""
    made = Generator(scenario(f'hosts.zones=["{zone}"]', hosts=60))
    hour, midnight = 3600 // ROW_S, -(-made.scenario.timeline.since_s // 86_400) * (86_400 // ROW_S)
    every = observe(made, Window(midnight, midnight + 96 * hour, ROW_S), 0, 60)
    for start, hours in ((15, 16), (20, 23), (23, 23), (20, 47), (3, 40)):
        part = Window(midnight + start * hour, midnight + (start + hours) * hour, ROW_S)
        kept = cells.where(every, (every["time"] >= part.since_s) & (every["time"] < part.until_s))
        cells.assert_equal(observe(made, part, 0, 60), kept)


def shard(cuts):
    """For all cuts of the hosts h = h₁ + … + hₙ: G(w, h₁) + … + G(w, hₙ) = G(w, h)."""
    rows = window(60)
    edges = [0, *sorted(cuts), HOSTS]
    parts = [observe(Generator(scenario()), rows, low, high) for low, high in pairwise(edges)]
    cells.assert_equal(cells.joined(parts), observe(Generator(scenario()), rows))


def growing(hosts):
    """For all n ≤ m: the first n hosts of a fleet of m are the fleet of n."""
    rows = window(40)
    longer = Generator(scenario(hosts=hosts))
    cells.assert_equal(observe(longer, rows), observe(Generator(scenario()), rows))


def fold(factor, skip):
    """For rows of k ticks: G_k[t] = Σ reads / Σ number of reads over its ticks, however often they were folded."""
    coarse = window(9, skip // factor, 60 * factor)
    observer = host_metrics.of_hosts(scenario())
    ticks = observer.facts(coarse.finer(factor), 0, HOSTS)
    once, twice = ticks.folded(factor), ticks.folded(factor // 5).folded(5)
    made = observe(Generator(scenario()), coarse)
    for name in METRICS:
        assert np.array_equal(once.values[name], twice.values[name])
        sums = ticks.values[name].reshape(HOSTS, len(coarse), factor).sum(axis=2)
        means = sums / ticks.values[SAMPLES].reshape(HOSTS, len(coarse), factor).sum(axis=2)
        if name == "memory":
            means = means * (observer.agents.memory_units(np.arange(HOSTS)) * 1e6)[:, None]
        shown = made[name].reshape(HOSTS, len(coarse))
        seen = shown != cells.NULL
        assert np.abs(shown - means)[seen].max() <= 0.5 + 1e-6


def company():
    """For all hosts: what one did does not depend on which others are worked out with it, nor on what else is asked."""
    rows, hosts = window(80), host_metrics.of_hosts(scenario()).hosts
    alone = [observe(Generator(scenario()), rows, host, host + 1) for host in range(HOSTS)]
    cells.assert_equal(cells.joined(alone), observe(Generator(scenario()), rows))
    ticks, everyone = rows.finer(5), np.arange(HOSTS)
    whole = hosts.solve(ticks, everyone)
    for metric in ("cpu", "outbound"):
        some = everyone % 3 == 0
        asked = hosts.solve(ticks, everyone, asked={metric: some})
        assert np.array_equal(asked.rates[metric][some], whole.rates[metric][some])


def order(places):
    """For every permutation of the tasks: what one gives does not depend on which came before it."""
    tasks = [(part, first, first + 8) for part in window(80).cut(27) for first in range(0, HOSTS, 8)]
    assert len(tasks) == len(places)
    generator = Generator(scenario())
    made = {task: observe(generator, *tasks[task]) for task in sorted(range(len(tasks)), key=places.__getitem__)}
    parts = cells.joined([made[task] for task in range(len(tasks))])
    cells.assert_equal(ordered(parts), observe(Generator(scenario()), window(80)))


def seeds(other):
    """Another seed is another world: nearly every CPU value differs."""
    one = observe(Generator(scenario()), window(60))
    two = observe(Generator(scenario(f"execution.random_seed={other}")), window(60))
    assert np.mean(one["cpu"] == two["cpu"]) < 0.05
    assert np.array_equal(one["time"], two["time"])
    assert np.array_equal(one["host_id"], two["host_id"])


def share(shares):
    """For every mix of profiles: a host that keeps its profile keeps its rows, and its role and size in any case."""
    mix = ", ".join(f"{name}: {part}" for name, part in zip(PROFILES, shares, strict=True))
    before, after = Generator(scenario()), Generator(scenario(f"hosts.profiles={{{mix}}}"))
    old, new = (host_metrics.of_hosts(generator.scenario).fleet for generator in (before, after))
    kept = old.profiles == new.profiles
    assert 0 < np.sum(~kept) < HOSTS
    assert np.array_equal(old.roles, new.roles)
    assert np.array_equal(old.processors, new.processors)
    assert np.array_equal(old.zone_codes, new.zone_codes)
    rows = window(60)
    left, right = (cells.where(observe(one, rows), np.repeat(kept, len(rows))) for one in (before, after))
    cells.assert_equal(left, right)


def test_seven_unaligned_chunks_concatenate_to_the_whole():
    split(UNALIGNED)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Asia/Tokyo", "Etc/GMT+12"])
def test_windows_of_parts_of_days_are_slices_in_every_zone(zone):
    calendars(zone)


@settings(max_examples=8)
@given(data=st.data())
def test_any_window_is_the_slice_of_the_whole(data):
    low = data.draw(st.integers(0, ROWS - 1))
    high = data.draw(st.integers(low + 1, min(ROWS, low + 90)))
    part = Window(window().start + low, window().start + high, ROW_S)
    times = whole()["time"]
    kept = cells.where(whole(), (times >= part.since_s) & (times < part.until_s))
    cells.assert_equal(observe(Generator(scenario()), part), kept)


@settings(max_examples=4)
@given(cuts=st.lists(st.integers(1, HOSTS - 1), min_size=1, max_size=HOSTS - 1, unique=True))
def test_any_cut_of_the_hosts_gives_the_whole_fleet(cuts):
    shard(cuts)


def test_hosts_do_the_same_in_any_company():
    company()


@settings(max_examples=3)
@given(hosts=st.integers(HOSTS, 300))
def test_a_longer_fleet_changes_no_existing_host(hosts):
    growing(hosts)


@settings(max_examples=4)
@given(factor=st.sampled_from([5, 10, 15, 60]), skip=st.integers(0, 2000))
def test_coarser_rows_weigh_every_read_once(factor, skip):
    fold(factor, skip)


@settings(max_examples=3)
@given(places=st.permutations(range(12)))
def test_tasks_give_the_same_in_any_order(places):
    order(places)


def test_another_seed_is_another_world():
    seeds(7)


def test_another_share_of_a_profile_changes_only_hosts_that_change_profile():
    share([0.45, 0.20, 0.35])


@pytest.mark.parametrize("workers", [2, 3])
def test_the_number_of_workers_changes_no_byte(tmp_path, workers):
    small = scenario("hosts.days=1")

    def file(count):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(generate, "ROWS_PER_TASK", 600)
            patch.setattr(history, "ROWS_PER_WORKER", 1)  # workers even for so few
            done = history.write(small, Request(urls=(f"{tmp_path}/{count}/",), compressed=False, workers=count))
        assert done.workers == count
        assert len(done.plan.tasks) >= 7
        return (tmp_path / str(count) / "host_metrics.csv").read_bytes()

    assert file(workers) == file(1)


def test_roles_that_nobody_has_change_no_profile():
    """Another mix of roles changes what hosts do, and not who watches them."""
    mixed = "hosts.roles={idle: 0, cron: 0, steady: 0, service: 1, batch: 0}"
    before, after = (host_metrics.of_hosts(scenario(*keys)).fleet for keys in ((), (mixed,)))
    assert np.array_equal(before.profiles, after.profiles)
    assert np.array_equal(before.processors, after.processors)


def runs_counted_from_the_window(patch):
    """Runs are numbered from the first one that a window holds."""
    honest = draw.word_at
    patch.setattr(draw, "word_at", lambda keys, index: honest(keys, np.arange(len(index))))


def look_back_forgotten(patch):
    """Runs that began before the window do not act in it."""
    patch.setattr(schedule, "_reach", lambda processes: np.zeros(len(processes)))


def days_counted_by_the_length(patch):
    """Daily runs are looked for on as many days as the window is long, wherever in a day it ends."""
    honest = schedule.Timetable._daily
    days = lambda since_s, until_s: (since_s // 86_400 + (until_s - since_s) // 86_400) * 86_400  # noqa: E731
    patch.setattr(
        schedule.Timetable, "_daily", lambda self, since_s, until_s: honest(self, since_s, days(since_s, until_s))
    )


def draws_by_order_of_calls(patch):
    """Normals take whatever comes next, as a library generator does."""
    honest, calls = draw.normal, iter(range(10**9))

    def next_ones(keys, start, stop, **arrays):
        return honest(draw.rekey(keys, 1000 + next(calls)), start, stop, **arrays)

    patch.setattr(draw, "normal", next_ones)


def means_of_means(patch):
    """A minute that missed a read counts as much as one that did not."""

    def mean(facts, name):
        sums, weight = facts.values[name], facts.values[SAMPLES]
        return np.rint(sums / weight), weight == 0

    def folded(facts, factor):
        means = {name: mean(facts, name)[0] for name in METRICS if name in facts.values}
        values = {name: made.reshape(len(made), -1, factor).mean(axis=2) for name, made in means.items()}
        return Facts(facts.table, facts.window.coarser(factor), values | {SAMPLES: np.ones_like(values["cpu"])})

    patch.setattr(Facts, "folded", folded)


def a_young_estimate(patch):
    """The hypervisor's moving average starts anew in every window."""
    patch.setattr(host_metrics, "LOOK_BACK", 2)


def swings_from_the_shard(patch):
    """Swings belong to the place in the shard, not to the host."""
    honest = Swings.of

    def of(swings, rows, others):
        first = min(int(some[0]) for some in rows.values() if len(some))
        return honest(swings, {metric: some - first for metric, some in rows.items()}, others)

    patch.setattr(Swings, "of", of)


def profiles_in_the_seed(patch):
    """What a host does depends on the mix of profiles."""
    honest = world.build

    def build(made):
        fleet = honest(made)
        return msgspec.structs.replace(fleet, seed=fleet.seed + round(1000 * made.hosts.profiles.cloud))

    patch.setattr(world, "build", build)


MUTANTS = {
    "draws by place": (mutants.draws_by_place_in_the_window, lambda: split(UNALIGNED)),
    "clock": (mutants.clock_in_the_keys, lambda: split(UNALIGNED)),
    "runs by window": (runs_counted_from_the_window, lambda: split(UNALIGNED)),
    "no look-back": (look_back_forgotten, lambda: split(UNALIGNED)),
    "days by length": (days_counted_by_the_length, lambda: calendars("Pacific/Kiritimati")),
    "ids that know the fleet": (mutants.ids_that_know_the_fleet, lambda: growing(40)),
    "clock and shards": (mutants.clock_in_the_keys, lambda: shard([3, 5, 11])),
    "swings by shard": (swings_from_the_shard, lambda: shard([3, 5, 11])),
    "swings by company": (swings_from_the_shard, company),
    "swings by shard, in any order": (swings_from_the_shard, lambda: order(PLACES)),
    "draws by order of calls": (draws_by_order_of_calls, lambda: order(PLACES)),
    "means of means": (means_of_means, lambda: fold(15, 0)),
    "young estimate": (a_young_estimate, lambda: split(UNALIGNED)),
    "fixed seed": (mutants.a_fixed_seed, lambda: seeds(7)),
    "profiles in the seed": (profiles_in_the_seed, lambda: share([0.45, 0.20, 0.35])),
}


@pytest.mark.parametrize("name", list(MUTANTS))
def test_law_bites_mutant(monkeypatch, name):
    mutant, law = MUTANTS[name]
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        law()


def digest():
    """Digest of all values of a small fleet, for other processes to compare."""
    rows = observe(Generator(scenario()), window(120))
    return hashlib.sha256(b"".join(rows[name].astype("<i8").tobytes() for name in METRICS)).hexdigest()


@pytest.mark.skipif(not surroundings.SIMD, reason="this CPU has no SIMD to switch off")
def test_the_law_of_cpus_bites():
    """A library's own exponential has other last bits without SIMD, and millionths show them."""
    made = [
        surroundings.python("-m", "tests.laws.test_hosts", "library", variables=variables)
        for variables in ({}, surroundings.WITHOUT_SIMD)
    ]
    assert made[0] != made[1]


@pytest.mark.parametrize("variables", [surroundings.WITHOUT_SIMD, {"PYTHONHASHSEED": "1"}, {"TZ": "Asia/Tokyo"}])
def test_surroundings_change_no_value(variables):
    assert surroundings.python("-m", "tests.laws.test_hosts", variables=variables).strip() == digest()


def test_a_draw_at_a_place_is_the_draw_there():
    keys = draw.entity_ids(["a", "b", "a"])
    index = np.array([5, -3, 7])
    words = draw.word_at(keys, index)
    assert np.array_equal(draw.uniform_at(keys, index), ((words >> np.uint64(11)) + 0.5) * 2.0**-53)
    assert draw.normal_at(keys, index)[0] == draw.normal_at(keys[:1], index[:1])[0]


if __name__ == "__main__":
    if "library" in sys.argv:
        maths.exp2_f32 = lambda x, out=None: np.exp(x * np.float32(0.6931472), out=out)
    sys.stdout.write(digest())


@pytest.mark.parametrize(
    ("seed", "hosts", "starts", "ends"),
    [
        (24, 372, (("2025-03-13T14:30", "2025-03-13T14:40")), "2025-03-13T15:00"),
        (17, 770, (("2025-03-09T08:30", "2025-03-09T08:40")), "2025-03-09T09:00"),
        (4, 173, (("2025-03-21T14:40", "2025-03-21T14:45")), "2025-03-21T15:00"),
    ],
)
def test_the_longest_run_of_all_is_seen_from_its_tail(seed, hosts, starts, ends):
    """Of 65,536 runs one is as long as the table of normals goes: a window that starts in its end must know of it."""
    early, late, end = (int(datetime.fromisoformat(f"{text}+00:00").timestamp()) for text in (*starts, ends))
    made = Generator(scenario("hosts.days=60", f"execution.random_seed={seed}", hosts=hosts))
    signal = host_metrics.of_hosts(made.scenario)
    whole = signal.facts(Window.between(early, end, 300), hosts - 1, hosts)
    part = signal.facts(Window.between(late, end, 300), hosts - 1, hosts)
    for name, values in part.values.items():
        np.testing.assert_array_equal(values, whole.values[name][:, -values.shape[1] :], err_msg=name)
