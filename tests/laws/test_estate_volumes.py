"""Volumes fill with what is written, and memory with the time since pods were replaced: neither by the clock alone."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from ghostfleet.core.window import DAY_S, MINUTE_S, Window
from ghostfleet.generate import Generator
from ghostfleet.state.estate import Estates
from tests.laws import estates

MONDAY = 20_150  # 2025-03-03
DAYS = 14
DAY = DAY_S // MINUTE_S


def quiet(*assignments):
    return Estates(estates.scenario("estate", *assignments))


def solved(world, day):
    window = Window(day * DAY, (day + 1) * DAY, MINUTE_S)
    return world.solve(window, lambda _: False)


@cache
def days():
    """Requests of services, bytes written by stores, per cent of disks and free bytes of some days."""
    world, found = quiet(), []
    places = [world.flow.places[name] for name in solved(world, MONDAY).leaves.services]
    for day in range(MONDAY, MONDAY + DAYS):
        state = solved(world, day)
        done = state.statements
        found.append((
            state.outcomes.requests[places].sum(axis=1)[:, None],
            done.write_bytes.sum(axis=1)[:, None],
            state.leaves.usage.disk(state),
            done.free_storage,
        ))  # fmt: skip
    return tuple(np.concatenate(parts, axis=1) for parts in zip(*found, strict=True))


def gains(levels, cleaned):
    """What each day adds to some levels, shape (entities, days); not a number where somebody cleaned up."""
    steps = np.diff(levels, axis=1)
    steps = np.concatenate([steps, steps[:, -1:]], axis=1).reshape(len(levels), -1, DAY)
    return np.where((steps < -cleaned).any(axis=2), np.nan, steps.sum(axis=2))


def correlations(one, other):
    known = [~np.isnan(row) for row in one]
    return np.array([np.corrcoef(a[k], b[k])[0, 1] for a, b, k in zip(one, other, known, strict=True)])


def test_disks_fill_with_what_services_are_asked():
    """For all services: corr(gain of a day, requests of the day) > 0, and days differ."""
    requests, _, disk, _ = days()
    gained = gains(disk, 0.5)
    assert (np.nanmin(gained, axis=1) > 0).all()
    assert (np.nanmax(gained, axis=1) > 1.01 * np.nanmin(gained, axis=1)).all()
    assert np.isnan(gained).sum(axis=1).max() <= 4
    assert correlations(gained, requests).min() > 0.5
    assert disk.min() > 15
    assert disk.max() < 98


@pytest.mark.parametrize("since", ["2025-02-20", "2025-03-01"])
def test_volumes_do_not_know_when_the_span_begins(since):
    """V(spans s, t) = V(spans s', t) for any two spans that hold t: what is usual is of the reference's week."""
    usual, other = (solved(world, MONDAY) for world in (quiet(), quiet(f"estate.start_date={since}", "estate.days=30")))
    np.testing.assert_array_equal(usual.leaves.usage.disk(usual), other.leaves.usage.disk(other))
    np.testing.assert_array_equal(usual.statements.free_storage, other.statements.free_storage)


def test_databases_fill_with_what_they_write():
    """For all stores: corr(gain of a day, bytes written on the day) > 0, and they keep a part of what they write.

    A replica is documented with few writes of its own (EST-19), and gains what its original does.
    """
    _, written, _, free = days()
    gained = gains(-free, 0.01 * free.max())
    of_written = gained / written
    assert correlations(gained, written).min() > 0.2
    assert np.median(correlations(gained, written)) > 0.7
    assert np.nanmin(of_written) > 0
    assert np.nanmax(of_written) < 1
    assert np.nanmedian(of_written) < 0.1


def test_a_replica_holds_the_data_of_its_original():
    """For all replicas and ticks: bytes used = bytes used by the original, clean-ups too."""
    world = quiet()
    stores = sorted((*world.flow.estate.databases, *world.flow.estate.machines))
    pairs = [
        (stores.index(name), stores.index(one.replicates_to))
        for name, one in world.flow.estate.databases.items()
        if one.replicates_to
    ]
    assert pairs
    _, _, _, free = days()
    for original, replica in pairs:
        sizes = [world.flow.estate.databases[stores[row]].storage_gb * 2**30 for row in (original, replica)]
        np.testing.assert_array_equal(sizes[0] - free[original], sizes[1] - free[replica])
        assert np.ptp(free[original]) > 0


@pytest.mark.parametrize("low", [0, -200 * DAY + 17, 3_000 * DAY + 1])
def test_what_fills_volumes_is_the_same_in_any_windows(low):
    """For all a ≤ b ≤ c: G[a, c) is G[a, b) and G[b, c), over weeks, in any order of asking."""
    start = MONDAY * DAY + low
    ends = [0, 1, 997, 2 * DAY, 9 * DAY + 3, 23 * DAY + 50, 24 * DAY, 40 * DAY + 7]
    scenario = estates.scenario("estate")
    _, _, whole = looked_at(Estates(scenario), Window(start, start + ends[-1], MINUTE_S))
    world = Estates(scenario)
    parts = [Window(start + a, start + b, MINUTE_S) for a, b in pairwise(ends)]
    found = {part.start: looked_at(world, part) for part in parts[::-1]}
    for row in range(2):
        halves = [found[part.start][2][row] for part in parts]
        np.testing.assert_array_equal(np.concatenate(halves, axis=1), whole[row])


def looked_at(world, window):
    """Names of services and stores, and what of their volumes was written since somebody cleaned up."""
    leaves = world._leaves
    volumes = (leaves.usage._volumes, leaves.work._volumes)
    return leaves.services, leaves.stores, tuple(one.written(window) for one in volumes)


def test_memory_falls_where_a_deploy_replaces_the_pods_and_nowhere_else():
    """For all services and ticks t: memory with deploys minus memory without falls at t iff `changes` tells of one."""
    low, high = MONDAY, MONDAY + 4
    world = quiet()
    still = quiet("estate.changes.deploys_per_week=0")
    used = [np.concatenate([solved(one, day).used[1] for day in range(low, high)], axis=1) for one in (world, still)]
    names = solved(world, low).leaves.services
    generator = Generator(estates.scenario("estate", "estate.incidents.factor=0"))
    changes = estates.rows(generator, "changes", Window.between(low * DAY_S, high * DAY_S, MINUTE_S))
    told = np.zeros(used[0].shape, dtype=bool)
    mine = changes["change_type"] == "deploy"
    for name, second in zip(changes["entity"][mine].tolist(), changes["time"][mine].tolist(), strict=True):
        told[names.index(name), second // MINUTE_S - low * DAY] = True
    assert told.sum() > 20
    steps = np.diff(used[0] - used[1], axis=1)
    bends = (np.maximum(*used) > 80).any(axis=1) | (np.minimum(*used) < 5).any(axis=1)
    falls = steps < -1e-6
    np.testing.assert_array_equal(falls[~bends], told[~bends, 1:])
    row, tick = np.nonzero(told[:, 10:-10])
    around = [np.mean([used[0][row, tick + 10 + k] for k in some], axis=0) for some in (range(-5, 0), range(5))]
    assert np.median(around[1] - around[0]) < -2


def test_memory_of_databases_has_a_level_of_its_own():
    """For all stores and ticks: memory in use is around a level; pages are out only while hardly any is free."""
    world = quiet()
    done = [solved(world, day).statements for day in range(MONDAY, MONDAY + 3)]
    free = np.concatenate([one.free_share for one in done], axis=1)
    swap = np.concatenate([one.swap for one in done], axis=1)
    names = solved(world, MONDAY).leaves.stores
    machines = [row for row, name in enumerate(names) if name in world.flow.estate.machines]
    used = 100 * (1 - np.median(free, axis=1))
    for row in machines:
        assert used[row] == pytest.approx(world.flow.estate.machines[names[row]].memory_percent, abs=6)
    assert ((used > 25) & (used < 85)).all()
    assert np.ptp(used) > 30
    assert (100 * (1 - free[machines]) > 20).all()
    assert (100 * (1 - free[machines]) < 88).all()
    assert not swap[free > 0.1].any()
    assert swap.max() <= 100_000_000


def test_an_idle_sql_server_can_be_found():
    """For some window: a machine has CPU < 30 and memory < 50, and others have not (EST-44 no. 5)."""
    generator = Generator(estates.scenario("estate"))
    seen = estates.rows(generator, "EC2Instance", Window.between((MONDAY + 2) * DAY_S, (MONDAY + 3) * DAY_S, 300))
    idle = (seen["cpu_utilization"] < 3000) & (seen["memory_utilization"] < 5000)
    assert set(seen["name"][idle].tolist()) <= {"reporting-sqlserver-01", "dev-sqlserver-01"}
    assert "dev-sqlserver-01" in seen["name"][idle]
