"""What holds for every estate: windows are cuts, folds agree, requests add up, strangers do not touch each other.

S[a, b) is the state of the ticks from a to b, G[a, b) the rows of a table that start there.
"""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostfleet.core.window import DAY_S, HOUR_S, MINUTE_S, Window
from ghostfleet.generate import Generator
from ghostfleet.state import estate
from ghostfleet.state.estate import Estates
from ghostfleet.state.estate.rates import LOOK_BACK
from tests.laws import estates
from tests.laws.estates import START

EVERY = pytest.mark.parametrize("table", estates.TABLES)
LENGTH = 400
CUTS = [0, 1, 29, 30, 64, 131, 200, 257, 400]


@cache
def solved():
    return estates.arrays(Estates(estates.scenario()).solve(Window(START, START + LENGTH, MINUTE_S)))


@settings(max_examples=12, deadline=None)
@given(low=st.integers(0, LENGTH - 1), data=st.data())
def test_a_state_is_the_slice_of_a_longer_one(low, data):
    """For all a ≤ c < d ≤ b: S[c, d) = S[a, b) restricted to [c, d), bit for bit."""
    high = data.draw(st.integers(low + 1, LENGTH))
    part = estates.arrays(Estates(estates.scenario()).solve(Window(START + low, START + high, MINUTE_S)))
    for name, values in solved().items():
        np.testing.assert_array_equal(part[name], values[:, low:high], err_msg=name)


@EVERY
@pytest.mark.parametrize("row_s", [MINUTE_S, 5 * MINUTE_S])
def test_chunks_concatenate_to_the_whole(table, row_s):
    """For all a = c₀ < … < cₙ = b: G[c₀, c₁) + … + G[cₙ₋₁, cₙ) = G[a, b)."""
    generator = Generator(estates.scenario())
    names = generator.observer(table).table.names
    spans = [estates.window(low, high, row_s) for low, high in pairwise(CUTS)]
    parts = [estates.rows(generator, table, span) for span in spans]
    assert len(parts) >= 7
    whole = estates.rows(Generator(estates.scenario()), table, estates.window(0, LENGTH, row_s))
    assert len(whole["time"])
    estates.assert_equal(estates.joined(parts, names), whole)


@EVERY
def test_what_is_solved_at_once_changes_nothing(monkeypatch, table):
    """However a plan cuts a window into tasks, their rows are the same and stand in the table's order."""
    span = estates.window(-1000, 2500, 5 * MINUTE_S)
    whole = estates.rows(Generator(estates.scenario()), table, span)
    monkeypatch.setattr(estate, "TICKS_AT_ONCE", 240)
    estates.assert_equal(estates.rows(Generator(estates.scenario()), table, span), whole)


def test_days_of_compliance_concatenate():
    scenario = estates.scenario("estate")
    generator = Generator(scenario)
    spans = [
        Window.between(START * MINUTE_S + low * HOUR_S, START * MINUTE_S + high * HOUR_S, 300)
        for low, high in ((0, 30), (30, 31), (31, 80))
    ]
    parts = [estates.rows(generator, "compliance_metrics", span) for span in spans]
    whole = estates.rows(generator, "compliance_metrics", Window(spans[0].start, spans[-1].stop, 300))
    assert len(set(whole["time"].tolist())) == 3
    estates.assert_equal(estates.joined(parts, generator.observer("compliance_metrics").table.names), whole)


SUMS = {
    "system_metrics": ("network_in_bytes", "network_out_bytes", "request_count"),
    "database_metrics": ("read_throughput_bytes", "write_throughput_bytes", "slow_queries", "deadlocks", "lock_waits"),
    "network_metrics": ("request_count", "byte_count", "error_count", "timeout_count", "tcp_retransmissions"),
}
LASTS = {
    "system_metrics": ("active_connections", "pod_count", "replica_count", "pending_pods", "failed_pods"),
    "database_metrics": ("database_connections", "free_storage_bytes", "free_memory_bytes", "swap_usage_bytes"),
    "network_metrics": ("active_connections",),
}
MEANS = {
    "system_metrics": ("cpu_utilization", "memory_utilization", "disk_utilization"),
    "database_metrics": ("cpu_utilization", "read_iops", "write_iops", "buffer_cache_hit_ratio"),
    "network_metrics": ("connection_pool_utilization", "packet_loss_rate"),
}


@pytest.mark.parametrize("table", estates.FOLDED)
def test_minutes_fold_into_five(table):
    """Sums and last values of five one-minute rows are those of the five-minute row; means within a resolution."""
    generator = Generator(estates.scenario())
    fine = estates.rows(generator, table, estates.window(0, 120))
    coarse = estates.rows(generator, table, estates.window(0, 120, 5 * MINUTE_S))
    entities = len(fine["time"]) // 120

    def minutes(name):
        return fine[name].reshape(24, 5, entities)

    for name in SUMS[table]:
        np.testing.assert_array_equal(minutes(name).sum(axis=1).ravel(), coarse[name], err_msg=name)
    for name in LASTS[table]:
        np.testing.assert_array_equal(minutes(name)[:, -1].ravel(), coarse[name], err_msg=name)
    for name in MEANS[table]:
        assert np.abs(minutes(name).mean(axis=1).ravel() - coarse[name]).max() <= 1, name


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**40), low=st.integers(-200_000, 200_000))
def test_requests_add_up_everywhere(seed, low):
    """What arrives at a node is what entered there plus what its callers sent, and each of it ends in one way."""
    world = Estates(estates.scenario("small_estate", f"execution.random_seed={seed}"))
    state = world.solve(Window(START + low, START + low + 60, MINUTE_S))
    flow, outcomes = world.flow, state.outcomes
    served, failed = np.zeros((2, *outcomes.served.shape), dtype=np.int64)
    for cell, node in enumerate(flow.entries.nodes.tolist()):
        served[node] += outcomes.entered[cell] - outcomes.entry_failed[cell]
        failed[node] += outcomes.entry_failed[cell]
    for slot, edge in enumerate(flow.slots.edges.tolist()):
        child = int(flow.edges.children[edge])
        served[child] += outcomes.call_served[slot]
        failed[child] += outcomes.call_failed[slot]
    np.testing.assert_array_equal(served, outcomes.served)
    np.testing.assert_array_equal(failed, outcomes.failed + outcomes.late)
    np.testing.assert_array_equal(outcomes.requests, served + failed)
    assert min(array.min() for array in (outcomes.served, outcomes.late, outcomes.failed, outcomes.own_failed)) >= 0
    assert (outcomes.own_failed <= outcomes.failed).all()
    assert (outcomes.call_late <= outcomes.call_failed).all()
    assert outcomes.requests.sum() > 0


def test_a_new_service_changes_nobody_else():
    """The tables of those who were there before are the same, bit for bit."""
    line = "    auth-service: {"
    size = "cpu_millicores: {request: 5, limit: 10}, memory_mib: {request: 5, limit: 10}"
    new = f"    newcomer: {{type: api, cluster: prod-platform-cluster, {size}, level: pay, entry: {{}}}}\n"
    span = estates.window(0, 90, 5 * MINUTE_S)
    for table, key in (("system_metrics", "service_name"), ("network_metrics", "source_service")):
        before = estates.rows(Generator(estates.scenario()), table, span)
        after = estates.rows(Generator(estates.scenario(changed=(line, new + line))), table, span)
        others = after[key] != "newcomer"
        assert table != "system_metrics" or not others.all()
        estates.assert_equal({name: values[others] for name, values in after.items()}, before)


def test_an_incident_ends_without_a_trace():
    """After its end and the look-back the state is what it would have been, bit for bit; before its start as well."""
    world = Estates(estates.scenario())
    incident = world.occasions.between(START * MINUTE_S, (START + 60) * MINUTE_S)[0]
    end = incident.end_s // MINUTE_S + LOOK_BACK + 1
    span = Window(START, end + 30, MINUTE_S)
    struck, quiet = estates.arrays(world.solve(span)), estates.arrays(world.solve(span, lambda _one: False))
    first = incident.start_s // MINUTE_S - START
    assert any((struck[name] != quiet[name]).any() for name in struck)
    for name, values in struck.items():
        np.testing.assert_array_equal(values[:, :first], quiet[name][:, :first], err_msg=name)
        np.testing.assert_array_equal(values[:, end - START :], quiet[name][:, end - START :], err_msg=name)


def test_every_value_keeps_its_declared_bounds():
    generator = Generator(estates.scenario("estate"))
    for table in (*estates.TABLES, "compliance_metrics"):
        found = generator.observer(table).table
        cells = estates.rows(generator, table, Window.between(START * MINUTE_S, START * MINUTE_S + DAY_S, 300))
        for column in found.columns:
            values = cells[column.name]
            if values.dtype.kind not in "if" or column.kind.value == "time":
                continue
            here = values[values != estates.NULL]
            per_one = 1 if column.resolution is None else 10**column.decimals
            assert column.low is None or here.min(initial=10**9) >= column.low * per_one, (table, column.name)
            assert column.high is None or here.max(initial=0) <= column.high * per_one, (table, column.name)


def test_levels_are_met_on_the_reference_wednesday():
    """Request rates, CPU and errors at 10:00 New York time are those of the levels, within what noise allows."""
    scenario = estates.scenario("estate")
    flow = Estates(scenario).flow
    tens = []
    for seed in range(12):
        world = Estates(estates.scenario("estate", f"execution.random_seed={seed}"))
        at = 1741186800 // MINUTE_S  # 2025-03-05 10:00 in New York
        tens.append(world.solve(Window(at, at + 1, MINUTE_S), lambda _one: False).rates.attempts[:, 0])
    usual = np.median(tens, axis=0)  # bursts of events are rare and large
    for place, name in enumerate(flow.nodes.names):
        if flow.nodes.regions[place] == "us-east-1" and flow.nodes.rates[place] > 1:
            assert usual[place] == pytest.approx(flow.nodes.rates[place], rel=0.3), name


AHEAD = (  # a day on which services scale by themselves, hours before some of them are struck
    "{incident: {kind: node_loss, on: [prod-trading-cluster]}, starts: '2025-03-05T20:16'}",
    "{incident: {kind: pod_scaling_failure, on: [product-service]}, starts: '2025-03-05T20:40'}",
)


@pytest.mark.parametrize("table", ["system_metrics", "network_metrics"])
def test_what_is_struck_later_changes_nothing_before_it(table):
    """For all rows before an incident: those of a window that it lies in are those of one that ends before."""
    day, strike = 1741132800, 1741132800 + 20 * HOUR_S
    settings = ("estate.incidents.scheduled={}", f"estate.incidents.placed=[{', '.join(AHEAD)}]")
    made = Generator(estates.scenario("estate", *settings))
    whole = estates.rows(made, table, Window.between(day, day + DAY_S, MINUTE_S))
    before = {name: values[whole["time"] < strike] for name, values in whole.items()}
    estates.assert_equal(before, estates.rows(made, table, Window.between(day, strike, MINUTE_S)))
    quiet = Generator(estates.scenario("estate", "estate.incidents.enabled=false"))
    estates.assert_equal(before, estates.rows(quiet, table, Window.between(day, strike, MINUTE_S)))
    if table == "system_metrics":
        assert before["pending_pods"].any()
        assert whole["failed_pods"].any()
