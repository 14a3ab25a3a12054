"""Pods date from when they were started: as changes tell, on machines that were there, whatever window is looked at."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from ghostfleet.core.window import DAY_S, HOUR_S, MINUTE_S, Window
from ghostfleet.generate import Generator
from ghostfleet.signals.changes import Changes
from ghostfleet.state.estate.rates import START
from ghostfleet.state.estate.stranded import PATIENCE
from tests.laws import estates

END_S = 1741190400  # 2025-03-05 16:00 UTC
BAD = "estate.incidents.placed=[{incident: {kind: bad_deploy, on: [order-service]}, starts: '2025-03-05T15:10'}]"
CLUSTER = "prod-platform-cluster"
LOSS = (
    f"estate.incidents.placed=[{{incident: {{kind: node_loss, on: [{CLUSTER}], minutes: [20, 20]}}, "
    "starts: '2025-03-05T15:07'}]"
)


@cache
def made(*assignments):
    calm = ("estate.incidents.scheduled={}",) if assignments else ()
    return Generator(estates.scenario("estate", *calm, *assignments))


@cache
def pods(end_s=END_S, *assignments):
    return estates.rows(made(*assignments), "Pod", Window.between(end_s - 60, end_s, 60))


@cache
def changes(end_s=END_S, *assignments):
    """Seconds of deploys and of scalings of services in the day before, by service."""
    rows = estates.rows(made(*assignments), "changes", Window.between(end_s - DAY_S, end_s, 300))
    found: dict[str, dict[str, list[int]]] = {"deploy": {}, "scaling": {}}
    for kind, entity, second, label in zip(
        *(rows[name].tolist() for name in ("change_type", "entity", "time", "entity_type")), strict=True
    ):
        if kind in found and label == "Service":
            found[kind].setdefault(entity, []).append(second)
    return found


def running(rows):
    """Service and date of the pods that run."""
    runs = rows["status"] == "Running"
    return list(zip(rows["service_name"][runs].tolist(), rows["created_at"][runs].tolist(), strict=True))


@pytest.mark.parametrize("back", [0, 3 * HOUR_S, 9 * HOUR_S, 15 * HOUR_S])
def test_a_pod_dates_from_a_change_of_its_service(back):
    """For all pods that run and date from the last day: a deploy or a scaling of their service took effect then."""
    end_s = END_S - back
    known = changes(end_s)
    young = [(service, date) for service, date in running(pods(end_s)) if date > end_s - DAY_S]
    assert young
    for service, date in young:
        assert date in known["deploy"].get(service, []) + known["scaling"].get(service, [])


def test_no_pod_is_older_than_the_last_deploy_of_its_service():
    """For all pods that run: created ≥ the last deploy of their service, days ago or not, taken back or not."""
    days = estates.rows(made(), "changes", Window.between(END_S - 10 * DAY_S, END_S, 3600))
    deploys = days["change_type"] == "deploy"
    last = dict(zip(days["entity"][deploys].tolist(), days["time"][deploys].tolist(), strict=True))
    assert len(last) > 20
    assert all(date >= last.get(service, 0) for service, date in running(pods()))
    assert sum(date == last.get(service) for service, date in running(pods())) > 50


def test_whoever_the_autoscaler_started_last_dates_from_then():
    """For all services whose last change was to scale up from a to b pods: b − a of them date from that.

    Pods that were asked for in the last minutes have not started.
    """
    rows = estates.rows(made(), "changes", Window.between(END_S - 6 * HOUR_S, END_S, 300))
    last = {}
    for kind, *change in zip(
        *(rows[name].tolist() for name in ("change_type", "entity", "time", "old_value", "new_value")), strict=True
    ):
        if kind == "deploy" or (kind == "scaling" and change[1] < END_S - START * MINUTE_S):
            last[change[0]] = (kind, *change[1:])
    dates = running(pods())
    grown = {name: one for name, one in last.items() if one[0] == "scaling" and int(one[3]) > int(one[2])}
    assert grown
    for name, (_, second, old, new) in grown.items():
        assert dates.count((name, second)) == int(new) - int(old)


def test_no_pod_is_older_than_its_machine():
    rows, nodes = pods(), estates.rows(made(), "Node", Window.between(END_S - 300, END_S, 300))
    machine = dict(zip(nodes["name"].tolist(), nodes["created_at"].tolist(), strict=True))
    since = np.array([machine[name] for name in rows["node_name"].tolist()])
    assert (rows["created_at"] >= since).all()
    assert (rows["created_at"] < END_S).all()


@pytest.mark.parametrize(
    ("length_s", "row_s"), [(60, 60), (600, 300), (HOUR_S, 60), (5 * HOUR_S, 3600), (2 * DAY_S, 300)]
)
def test_an_instant_shows_the_same_pods_in_any_window(length_s, row_s):
    """For all windows that end at t: the same rows."""
    rows = estates.rows(made(), "Pod", Window.between(END_S - length_s, END_S, row_s))
    estates.assert_equal(rows, pods())


def test_a_bad_deploy_replaces_all_pods_when_it_comes_and_when_it_is_taken_back():
    """For all pods of the service: created = the last of its deploys, as long as nothing was scaled after it."""
    turns = changes(END_S + HOUR_S, BAD)["deploy"]["order-service"]
    assert len(turns) >= 2
    for turn in turns[-2:]:
        found = {date for service, date in running(pods(turn + 60, BAD)) if service == "order-service"}
        assert found == {turn}


@cache
def by_minute(first, last):
    """Pods and lost machines at the ends of minutes, counted from an hour before the end."""
    found = {}
    for minute in range(first, last):
        end_s = END_S - 60 * MINUTE_S + minute * MINUTE_S
        nodes = estates.rows(made(LOSS), "Node", Window.between(end_s - 60, end_s, 60))
        found[end_s] = pods(end_s, LOSS), set(nodes["name"][nodes["status"] != "Ready"].tolist())
    return found


def test_pods_that_move_from_lost_machines_date_from_when_those_were_given_up():
    """For all pods that start in place of lost ones: created = a minute in which machines went + patience."""
    seen = by_minute(5, 22)
    went = {
        end_s + (PATIENCE - 1) * MINUTE_S
        for (_, (_, gone)), (end_s, (_, more)) in pairwise(seen.items())
        if more - gone
    }
    moved = 0
    for (_, (before, _)), (end_s, (rows, gone)) in pairwise(seen.items()):
        scaled = changes(end_s, LOSS)["scaling"]
        started = (rows["status"] == "Running") & (before["status"] != "Running")
        for service, date in running({name: rows[name][started] for name in rows}):
            assert date in went or date in scaled[service]
            assert date < end_s - MINUTE_S
            moved += date in went
        assert not set(rows["node_name"][started].tolist()) & gone
    assert moved > 5


def test_a_deploy_that_nobody_was_told_of_is_seen(monkeypatch):
    known = pods()
    monkeypatch.setattr(Changes, "deployed", lambda self, _influences: dict.fromkeys(self._services, 0))
    rows = estates.rows(Generator(estates.scenario("estate")), "Pod", Window.between(END_S - 300, END_S, 300))
    assert not np.array_equal(rows["created_at"], known["created_at"])
