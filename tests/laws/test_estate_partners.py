"""Other people's services do in the graph what they do in the state, and what is written of one agrees with itself."""

from functools import cache

import pytest

from ghostfleet.core.batch import split
from ghostfleet.core.window import HOUR_S, MINUTE_S, Window
from ghostfleet.generate import Generator
from tests.laws import estates

END_S = 1741190400  # 2025-03-05 16:00 UTC
CALM = "estate.incidents.scheduled={}"
TIMEOUT = (
    "estate.incidents.placed=[{incident: {kind: payment_timeout, on: [stripe], minutes: [40, 40]}, "
    "starts: '2025-03-05T15:15'}]"
)
NOBODY = {"zoom", "datadog"}  # integrates with no service


@cache
def made(*assignments):
    return Generator(estates.scenario("estate", *assignments))


@cache
def seen(*assignments, length_s=300, row_s=300, label="ExternalService"):
    return estates.rows(made(*assignments), label, Window.between(END_S - length_s, END_S, row_s))


def rows(found):
    """Each service's columns, measurements among them."""
    out = {}
    for row, name in enumerate(found["name"].tolist()):
        one = {column: values[row] for column, values in found.items()}
        watched = dict(item.split("=") for item in split(str(one["monitoring_metrics"])))
        out[name] = one | {key: float(value) for key, value in watched.items()}
    return out


@cache
def state(*assignments):
    return made(*assignments).estates.solve(Window.between(END_S - HOUR_S, END_S, MINUTE_S))


@pytest.mark.parametrize("assignments", [(), (CALM,), (CALM, TIMEOUT)], ids=len)
def test_what_is_written_of_a_service_agrees_with_itself(assignments):
    """For all: errors = 1 − success, availability = 100 success, own ≤ response, healthy ⟺ the contract is kept."""
    for one in rows(seen(*assignments)).values():
        assert one["error_rate"] == pytest.approx(1 - one["success_rate"], abs=1e-9)
        assert one["actual_availability"] / 100 == pytest.approx(100 * one["success_rate"], abs=0.0051)
        assert one.get("processing_time_ms", 0.0) <= one["latency_ms"] * 1.001
        assert one["latency_ms"] <= one["response_time_p95"] / 100
        margin = 100 * one["success_rate"] - (one["sla_target"] / 100 - 0.1)
        if abs(margin) > 1e-3:
            assert (one["status"] == "healthy") == (margin > 0 and one["latency_ms"] <= 1000)


@pytest.mark.parametrize("assignments", [(), (CALM, TIMEOUT)], ids=len)
def test_errors_are_those_of_the_last_hour(assignments):
    """For all that are called: error rate = failed ÷ requests of the whole counts of the state."""
    solved, found = state(*assignments), rows(seen(*assignments))
    outcomes = solved.outcomes
    for name, one in found.items():
        place = solved.flow.places[name]
        requests = int(outcomes.requests[place].sum())
        failed = int((outcomes.failed + outcomes.late)[place].sum())
        assert (requests == 0) == (name in NOBODY)
        if requests:
            assert one["error_rate"] == pytest.approx(failed / requests, abs=5.1e-7)


def test_an_incident_of_a_service_is_seen_of_it_and_of_nobody_else():
    calm, struck = rows(seen(CALM)), rows(seen(CALM, TIMEOUT))
    assert (calm["stripe"]["status"], struck["stripe"]["status"]) == ("healthy", "degraded")
    assert calm["stripe"]["error_rate"] < 0.01
    assert struck["stripe"]["error_rate"] > 0.1
    for name in ("latency_ms", "response_time_p95"):
        assert struck["stripe"][name] > 10 * calm["stripe"][name]
    for name in ("bloomberg", "ice", "jenkins", *NOBODY):
        assert struck[name] == calm[name]


def test_times_are_near_those_that_the_scenario_says():
    """Half of what is said to most at most: log-normal means are above their medians."""
    estate = made(CALM).estates.flow.estate
    for name, one in rows(seen(CALM)).items():
        if name not in NOBODY:
            assert 0.5 < one["latency_ms"] / estate.externals[name].response_ms < 2


@pytest.mark.parametrize(("length_s", "row_s"), [(60, 60), (HOUR_S, 300), (5 * HOUR_S, 3600)])
def test_an_instant_shows_the_same_in_any_window(length_s, row_s):
    """For all windows that end at t: the same rows."""
    estates.assert_equal(seen(length_s=length_s, row_s=row_s), seen())


def test_no_cluster_with_machines_is_being_created():
    for seed in range(6):
        words = seen(f"execution.random_seed={seed}", CALM, label="EKSCluster")["status"]
        assert set(words.tolist()) == {"ACTIVE"}


def test_a_cluster_that_loses_machines_is_updated():
    lost = (
        "estate.incidents.placed=[{incident: {kind: node_loss, on: [prod-risk-cluster]}, starts: '2025-03-05T15:30'}]"
    )
    found = seen(CALM, lost, label="EKSCluster")
    assert set(found["name"][found["status"] == "UPDATING"].tolist()) == {"prod-risk-cluster"}


def test_front_ends_use_more_memory_when_they_are_asked_more():
    day = seen(label="WebService")
    night = estates.rows(made(), "WebService", Window.between(END_S - 8 * HOUR_S - 300, END_S - 8 * HOUR_S, 300))
    assert (day["memory_utilization"] >= night["memory_utilization"]).mean() > 0.8
    assert (day["memory_utilization"] > night["memory_utilization"]).any()
    for found in (day, night):
        assert ((found["memory_utilization"] >= 2000) & (found["memory_utilization"] <= 9000)).all()


@pytest.mark.parametrize("back", [0, 60, 300, 720])
def test_front_ends_answer_within_the_documented_times(back):
    """For all front ends, by day and by night: 50 to 500 ms, or nearly (EST-9)."""
    end_s = END_S - back * MINUTE_S
    found = estates.rows(made(CALM), "WebService", Window.between(end_s - 300, end_s, 300))
    times_ms = dict(zip(found["name"].tolist(), (found["response_time_ms"] / 100).tolist(), strict=True))
    assert {name: ms for name, ms in times_ms.items() if not 50 <= ms <= 550} == {}


@pytest.mark.parametrize("back", [0, 90, 400])
def test_targets_are_what_runs_behind_a_balancer(back):
    """For all balancers: healthy = Σ over targets of replicas and instances that run ≤ total."""
    end_s = END_S - back * MINUTE_S
    span = Window.between(end_s - 60, end_s, 60)
    shown = {label: estates.rows(made(), label, span) for label in ("LoadBalancer", "Service", "WebService")}
    run = dict(zip(shown["Service"]["name"].tolist(), shown["Service"]["replicas"].tolist(), strict=True))
    run |= dict(zip(shown["WebService"]["name"].tolist(), shown["WebService"]["instance_count"].tolist(), strict=True))
    fronts = shown["LoadBalancer"]
    for name, healthy, total in zip(
        *(fronts[column].tolist() for column in ("name", "targets_healthy", "targets_total")), strict=True
    ):
        behind = made().estates.flow.estate.balancers[name].routes_to
        assert healthy == sum(run[target] for target in behind)
        assert healthy <= total


def test_pods_that_do_not_start_are_targets_that_do_not_answer():
    failing = (
        "estate.incidents.placed=[{incident: {kind: pod_scaling_failure, on: [search-service], minutes: [60, 60]}, "
        "starts: '2025-03-05T15:20'}]"
    )
    found = seen(CALM, failing, label="LoadBalancer")
    missing = dict(
        zip(found["name"].tolist(), (found["targets_total"] - found["targets_healthy"]).tolist(), strict=True)
    )
    assert missing["lb-east-01"] == missing["lb-west-01"] > 0
    assert not any(missing[name] for name in missing if not name.startswith("lb-"))
