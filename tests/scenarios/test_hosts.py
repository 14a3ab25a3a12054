"""What the scenario `hosts` gives can be so: bounds, whole counts, quiet hosts, and nights that are at night."""

from functools import cache

import numpy as np
import pytest

from ghostfleet.core.moments import Moments
from ghostfleet.generate import Generator
from ghostfleet.signals import host_metrics
from ghostfleet.signals.host_metrics import METRICS, SAMPLES
from ghostfleet.spec import loading, reading
from ghostfleet.spec.hosts import INGREDIENTS, TICK_S
from ghostfleet.world.hosts import CLOUD, GUEST, HYPERVISOR, IDLE, STEADY
from tests.laws.cells import NULL, cells

HOSTS = 160
READS = 15  # of a row of five minutes: three a minute
RATES = ("disk_read", "disk_write", "net_in", "net_out")
HALF = 0.5e-6  # of the resolution
CLOCKS_CHANGE = "hosts.start_date=2025-03-08"  # in the United States, the night after


class Seen:
    """Rows of a small fleet as floats of shape (hosts, rows), NaN where a value is null."""

    def __init__(self, *assignments, hosts=HOSTS, days=1, every_s=None):
        document = reading.read(loading.shipped()["hosts"], "hosts.yaml")
        keys = (f"hosts.count={hosts}", f"hosts.days={days}", *assignments)
        scenario = loading.load(document, loading.Settings(assignments=keys)).scenario
        self.observer = host_metrics.of_hosts(scenario)
        self.fleet = self.observer.fleet
        self.window = Generator(scenario).window(every_s=every_s)
        units = cells(self.observer.rows(self.window, 0, hosts))
        self.values = {
            name: np.where(units[name] == NULL, np.nan, units[name] / 1e6).reshape(hosts, -1) for name in METRICS
        }

    @property
    def reads(self):
        """How many reads each row is the mean of, shape (hosts, rows)."""
        factor = self.window.tick_s // TICK_S
        facts = self.observer.facts(self.window.finer(factor), 0, len(self.fleet))
        return facts.folded(factor).values[SAMPLES]


@cache
def seen():
    return Seen()


def only(*ingredients):
    names = ", ".join(name for name in INGREDIENTS if name not in ingredients)
    return f"hosts.without=[{names}]"


def off_grid(values):
    """Distance to the nearest whole number."""
    return np.abs(values - np.rint(values))


LIMITS = {  # per cent; KB/s of the largest machine, of sixteen processors
    "cpu": 100,
    "memory": 100,
    "disk_read": 440_000,
    "disk_write": 264_000,
    "net_in": 122_000,
    "net_out": 122_000,
}


@cache
def default():
    return Seen(hosts=120, days=9)


@pytest.mark.parametrize("name", METRICS)
def test_nothing_is_negative_or_endless(name):
    values = seen().values[name]
    known = values[~np.isnan(values)]
    assert len(known)
    assert known.min() >= 0
    assert known.max() <= LIMITS[name]


@pytest.mark.parametrize("name", METRICS)
def test_no_device_does_more_than_it_can_in_the_default_data_set(name):
    """At the shipped size, whatever was asked of it: disks by the size of their machine, links a gigabit."""
    assert np.nanmax(default().values[name]) <= LIMITS[name]


def test_no_seed_makes_a_host_busier_than_busy():
    for seed in range(3):
        busy = Seen(f"execution.random_seed={seed}", "hosts.roles={idle: 0, cron: 0, steady: 0, service: 0, batch: 1}")
        assert np.nanmax(busy.values["cpu"]) <= 100
        assert np.nanmax(busy.values["memory"]) <= 100


@pytest.mark.parametrize("name", RATES)
def test_a_hypervisor_counts_whole_kilobytes(name):
    rows = seen().fleet.profiles == HYPERVISOR
    sums = (seen().values[name] * seen().reads)[rows]
    assert off_grid(sums).max() <= READS * HALF + 1e-9


def test_a_hypervisor_counts_whole_per_cents_of_one_processor():
    rows = seen().fleet.profiles == HYPERVISOR
    per_processor = seen().values["cpu"] * seen().reads * seen().fleet.processors[:, None]
    assert off_grid(per_processor[rows]).max() <= READS * HALF * 16 + 1e-9


def test_a_missed_read_shows_as_fourteenths():
    rows = seen().fleet.profiles == HYPERVISOR
    reads, values = seen().reads[rows], seen().values["disk_write"][rows]
    assert set(np.unique(reads).tolist()) >= {READS - 1, READS}
    assert 0.002 < np.mean(reads < READS) < 0.04
    short = values[reads == READS - 1]
    assert off_grid(short * (READS - 1)).max() <= READS * HALF + 1e-9
    assert np.mean(off_grid(short * READS) > 2 * READS * HALF) > 0.3  # and not as fifteenths, unless by chance


def test_agents_that_miss_nothing_are_an_ingredient():
    plain = Seen("hosts.without=[agent]", hosts=40)
    assert np.all(plain.reads[plain.fleet.profiles != CLOUD] == READS)


def test_guests_report_floats():
    rows = seen().fleet.profiles == GUEST
    assert np.mean(off_grid(seen().values["cpu"][rows] * READS) > 1e-3) > 0.9


def test_no_agent_tells_of_more_cpu_than_a_hard_ceiling_leaves():
    agents = Seen(hosts=600, days=1, every_s=86_400).observer.agents
    capped = np.flatnonzero((agents.ceiling > 0) & (agents.ceiling < 60))
    assert len(capped)
    for profile in (HYPERVISOR, GUEST, CLOUD):
        rows = capped[agents.profile[capped] == profile]
        busy = np.full((len(rows), agents.parts(profile)), 60, dtype=np.float32)
        told = agents.sums(profile, {"cpu": busy}, np.full((len(rows), 1), 3), rows)["cpu"]
        assert (told <= 3e6 * agents.ceiling[rows, None]).all()


def test_a_cloud_s_service_sees_no_memory_and_no_disk():
    for name in ("memory", "disk_read", "disk_write"):
        null = np.isnan(seen().values[name])
        assert np.array_equal(null.all(axis=1), seen().fleet.profiles == CLOUD)
        assert np.array_equal(null.any(axis=1), null.all(axis=1))


def test_most_idle_hosts_read_nothing_and_some_have_no_traffic_most_of_the_time():
    idle = (seen().fleet.profiles == HYPERVISOR) & (seen().fleet.roles == IDLE)
    assert idle.sum() > 20
    quiet = {name: np.mean(np.mean(seen().values[name][idle] == 0, axis=1) > 0.5) for name in RATES}
    assert quiet["disk_read"] > 0.6
    assert quiet["net_in"] > 0.25
    assert quiet["net_out"] > 0.25


def test_without_its_ingredients_a_host_keeps_its_level():
    still = Seen(only(), hosts=40)
    for name in RATES:
        values = still.values[name]
        level = values[:, :1]
        assert np.all((values == level) | np.isnan(level))


def test_nightly_jobs_run_at_night_by_the_host_s_own_clock():
    nights = Seen(only("nightly"), CLOCKS_CHANGE, hosts=240, days=4)
    zones = {zone: Moments(nights.window).local(zone).second_of_day / 3600 for zone in nights.fleet.zones}
    hours = np.stack([zones[nights.fleet.zones[code]] for code in nights.fleet.zone_codes])
    work = nights.values["disk_write"]
    known = ~np.isnan(work).all(axis=1)
    extra = (work - np.nanmin(work, axis=1, keepdims=True, initial=np.inf))[known]
    hours = hours[known]
    assert np.mean(extra.max(axis=1) > 0) > 0.15  # of the hosts have such a job
    # Jobs start from 22 to 6, an hour late at most, last six hours at most, and may be tried again half an hour later.
    assert not extra[(hours >= 14) & (hours < 21.9)].any()
    at_night = (hours >= 21.9) | (hours < 8)
    assert extra[at_night].sum() > 0.9 * extra.sum()
    assert np.mean((extra > 0)[at_night]) > 10 * np.mean((extra > 0)[~at_night])
    started = (extra[:, 1:] > 0) & (extra[:, :-1] == 0)
    for code in range(len(nights.fleet.zones)):
        assert started[nights.fleet.zone_codes[known] == code].any()


def test_nights_follow_the_zone():
    """The same host in another zone has its night when that zone does."""
    zones = {zone: f'hosts.zones=["{zone}"]' for zone in ("Asia/Tokyo", "America/Los_Angeles")}
    shift = {}
    for name, zone in zones.items():
        one = Seen(only("nightly"), zone, "hosts.start_date=2025-01-14", hosts=240, days=2)
        work = np.nan_to_num(one.values["disk_write"])
        shift[name] = (work > work.min(axis=1, keepdims=True)).any(axis=0)
    tokyo, angeles = (np.flatnonzero(busy) // 12 % 24 for busy in shift.values())
    assert set(tokyo.tolist()).isdisjoint({6, 7, 8, 9, 10, 11})  # 15 to 21 in Tokyo
    assert set(angeles.tolist()).isdisjoint({23, 0, 1, 2, 3, 4})  # 15 to 21 in Los Angeles


def test_what_a_minute_saw_is_what_five_minutes_saw():
    minutes, rows = Seen(hosts=24, every_s=60), Seen(hosts=24)
    weight = minutes.reads.reshape(24, -1, 5)
    for name in RATES:
        sums = (minutes.values[name].reshape(weight.shape) * weight).sum(axis=2)
        known = ~np.isnan(sums)
        assert np.abs(sums / rows.reads - rows.values[name])[known].max(initial=0) <= 2e-6


@pytest.mark.parametrize("name", INGREDIENTS)
def test_every_ingredient_can_be_left_out_and_changes_something(name):
    rest = Seen(f"hosts.without=[{name}]")
    assert any(not np.array_equal(rest.values[one], seen().values[one], equal_nan=True) for one in METRICS)


def test_idle_hosts_write_far_less_than_steady_ones():
    """By the medians of hosts' means, among those that a hypervisor watches."""
    wide = Seen(hosts=400)
    watched = wide.fleet.profiles == HYPERVISOR
    written = {role: wide.values["disk_write"][watched & (wide.fleet.roles == role)] for role in (IDLE, STEADY)}
    means = {role: np.median(np.nanmean(values, axis=1)) for role, values in written.items()}
    assert means[IDLE] < 0.6 * means[STEADY]
