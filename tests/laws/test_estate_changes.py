"""Deploys in `changes` are those of the state: a version that is taken back shows when it comes and when it goes."""

from functools import cache
from itertools import pairwise

import msgspec
import numpy as np
import pytest

from ghostfleet.core.window import DAY_S, MINUTE_S, Window
from ghostfleet.generate import Generator
from ghostfleet.state.estate import Estates
from ghostfleet.state.estate.influences import Influences
from tests.laws import estates

PLACED = 'starts: "2025-03-05T18:30"}'
DEPLOY = PLACED + '\n      - {incident: {kind: bad_deploy, on: [payment-service]}, starts: "2025-03-05T16:40:40"}'
FIRST_S = 1741192860  # the first tick of which the middle lies within it
DAYS = Window.between(20_150 * DAY_S, 20_180 * DAY_S, 300)


def small():
    return Generator(estates.scenario(changed=(PLACED, DEPLOY)))


def incident(made):
    return next(one for one in made.estates.occasions.between(FIRST_S, FIRST_S + 1) if one.name == "bad_deploy")


def last_s(one):
    """Start of the first tick of which the middle lies after an incident."""
    return -(-(one.end_s - MINUTE_S // 2) // MINUTE_S) * MINUTE_S


def deploys(rows):
    """Time, entity, old and new value of deploys, in their order."""
    mine = rows["change_type"] == "deploy"
    columns = (rows[name][mine].tolist() for name in ("time", "entity", "old_value", "new_value"))
    return list(zip(*columns, strict=True))


@cache
def month():
    made = Generator(estates.scenario("estate"))
    return made, estates.rows(made, "changes", DAYS)


def test_every_bad_deploy_is_a_deploy_and_a_return_of_its_service():
    """For all incidents of the kind and their services s: rows at the first tick and at the first one after it."""
    made, rows = month()
    found = deploys(rows)
    assert len(set(rows["change_id"].tolist())) == len(rows["change_id"])
    teams = {service.team for service in made.estates.flow.estate.services.values()}
    occasions = [one for one in made.estates.occasions.between(DAYS.since_s, DAYS.until_s) if one.name == "bad_deploy"]
    assert len(occasions) > 3
    for one in occasions:
        first = -(-(one.start_s - MINUTE_S // 2) // MINUTE_S) * MINUTE_S
        (brought,) = [row for row in found if row[:2] == (first, one.root)]
        (taken,) = [row for row in found if row[:2] == (last_s(one), one.root)]
        assert brought[2:] == taken[:1:-1]
        assert brought[3].rpartition(".")[0] in {brought[2], brought[2].rpartition(".")[0]}
    actors = set(rows["actor"][rows["change_type"] == "deploy"].tolist())
    assert actors <= {f"{team}-pipeline" for team in teams}


def test_most_deploys_are_none_that_is_taken_back_and_some_look_like_it():
    made, rows = month()
    bad = {one.root for one in made.estates.occasions.between(DAYS.since_s, DAYS.until_s) if one.name == "bad_deploy"}
    harmless = [row for row in deploys(rows) if row[1] not in bad]
    assert len(harmless) > 50
    assert 0.05 < np.mean([row[3].count(".") == 3 for row in harmless]) < 0.4
    assert {row[0] % MINUTE_S for row in deploys(rows)} == {0}


def cuts():
    made = small()
    first, last = (FIRST_S - estates.START * MINUTE_S) // 60, (last_s(incident(made)) - estates.START * MINUTE_S) // 60
    return [0, 17, first, first + 1, (first + last) // 2, last - 1, last, last + 1, 300]


def chunked():
    parts = [estates.rows(small(), "changes", estates.window(low, high)) for low, high in pairwise(cuts())]
    names = small().observer("changes").table.names
    return estates.joined(parts, names), estates.rows(small(), "changes", estates.window(0, 300))


def test_windows_that_begin_and_end_with_a_version_concatenate_to_the_whole():
    """For all a = c₀ < … < cₙ = b: G[c₀, c₁) + … + G[cₙ₋₁, cₙ) = G[a, b)."""
    parts, whole = chunked()
    estates.assert_equal(parts, whole)
    entity = [row[0] for row in deploys(whole) if row[1] == "payment-service"]
    assert {FIRST_S, last_s(incident(small()))} <= set(entity)


def test_who_forgets_the_tick_before_the_window_is_seen(monkeypatch):
    solve = Estates.solve

    def forgetful(self, *args, **options):
        state = solve(self, *args, **options)
        nothing = {key: np.zeros(1) for key in state.before.arrays}
        return msgspec.structs.replace(state, before=Influences(state.before.window, nothing))

    monkeypatch.setattr(Estates, "solve", forgetful)
    parts, whole = chunked()
    assert len(parts["time"]) != len(whole["time"])


@pytest.mark.parametrize("when", ["before", "out", "back", "later"])
def test_the_graph_shows_the_version_that_is_out_when_the_window_ends(when):
    """For all window ends u: version(u) = new value of the last deploy before u, or old value of the next one."""
    made, (_, _, first, _, _, _, last, *_) = small(), cuts()
    until = {"before": first // 5 * 5, "out": first // 5 * 5 + 5, "back": last // 5 * 5 + 5, "later": 600}[when]
    span = estates.window(0, 600)
    nodes = estates.rows(made, "Service", Window.between(span.since_s, span.since_s + until * MINUTE_S, 300))
    version = dict(zip(nodes["name"].tolist(), nodes["version"].tolist(), strict=True))["payment-service"]
    found = [row for row in deploys(estates.rows(made, "changes", span)) if row[1] == "payment-service"]
    before = [row for row in found if row[0] < span.since_s + until * MINUTE_S]
    assert version == (before[-1][3] if before else found[0][2])
    assert (version.count(".") == 3) == (when == "out")


SPIRAL = """
      - {starts: "2025-03-05T16:00", incident: {kind: cost_spiral, on: [prod-platform-cluster], onset: [20, 20],
         minutes: [60, 60], recovery: [10, 10], nodes: 2.5}}
"""


def spiral():
    return Generator(estates.scenario(changed=("    placed:\n", f"    placed:{SPIRAL}")))


def test_machines_that_a_cluster_adds_and_gives_back_are_changes():
    """Each step goes on where the one before ended, from the plan up and back, in any parts of the window."""
    made = spiral()
    (at,) = [one for one in made.estates.occasions._told if one.name == "cost_spiral"]
    low = (at.start_s - estates.START * MINUTE_S) // 60 - 10
    whole = estates.rows(made, "changes", estates.window(low, low + 120))
    names = whole["entity"] == "prod-platform-cluster"
    steps = [
        (int(old), int(new)) for old, new in zip(whole["old_value"][names], whole["new_value"][names], strict=True)
    ]
    assert len(steps) > 4
    assert steps[0][0] == steps[-1][1] == made.estates.flow.estate.clusters["prod-platform-cluster"].nodes
    assert all(one[1] == other[0] for one, other in pairwise(steps))
    assert set(whole["entity_type"][names]) == {"EKSCluster"}
    parts = [estates.rows(made, "changes", estates.window(low + a, low + b)) for a, b in ((0, 13), (13, 47), (47, 120))]
    estates.assert_equal(estates.joined(parts, made.observer("changes").table.names), whole)


LOST = """
      - {starts: "2025-03-05T15:40", incident: {kind: node_loss, on: [prod-platform-cluster], minutes: [20, 20]}}
"""


def scalings(rows):
    """Time, entity, old and new number of pods, in their order."""
    mine = (rows["change_type"] == "scaling") & (rows["entity_type"] == "Service")
    columns = (rows[name][mine].tolist() for name in ("time", "entity", "old_value", "new_value"))
    return [(at, name, int(old), int(new)) for at, name, old, new in zip(*columns, strict=True)]


@pytest.mark.parametrize("incident", [("", ""), ("    placed:\n", f"    placed:{LOST}")], ids=["quiet", "node_loss"])
def test_the_autoscaler_did_what_replica_count_tells_minute_by_minute(incident):
    """For all services and minutes t: a row (old, new) at t if and only if replica_count goes from old to new then."""
    generator, span = Generator(estates.scenario(changed=incident)), estates.window(0, 120)
    told = estates.rows(generator, "system_metrics", span)
    wanted: dict[str, list[int]] = {}
    for name, count in zip(told["service_name"].tolist(), told["replica_count"].tolist(), strict=True):
        wanted.setdefault(name, []).append(count)
    steps = [
        (span.since_s + at * MINUTE_S, name, *step)
        for name, counts in wanted.items()
        for at, step in enumerate(pairwise(counts), 1)
        if step[0] != step[1]
    ]
    found = [one for one in scalings(estates.rows(generator, "changes", span)) if one[0] > span.since_s]
    assert found == sorted(steps)
    assert len(found) > 10
    is_short = np.count_nonzero(told["pod_count"] < told["replica_count"] - 1)
    assert is_short > 20 if incident[0] else is_short < 10


def test_each_number_of_pods_follows_from_the_one_before():
    """For all services and scalings i of 30 days: new(i) = old(i + 1)."""
    last: dict[str, int] = {}
    for _, name, old, new in scalings(month()[1]):
        assert last.get(name, old) == old != new
        last[name] = new


SPRING = Window.between(20_110 * DAY_S, 20_250 * DAY_S, 3_600)
BUSY = "estate.changes.config_changes_per_week=12"


def settings(rows):
    """Time, entity, key, old and new value of changes of configuration, in their order."""
    mine = rows["change_type"] == "config"
    columns = (rows[name][mine].tolist() for name in ("time", "entity", "old_value", "new_value"))
    found = []
    for at, name, old, new in zip(*columns, strict=True):
        (key, before), (other, after) = old.split("="), new.split("=")
        assert key == other
        found.append((at, name, key, before, after))
    return found


def follows(found):
    """Values of each entity and key: for all changes i, old(i + 1) = new(i) and not new(i + 1)."""
    last: dict[tuple[str, str], str] = {}
    again = 0
    for _, name, key, old, new in found:
        again += (name, key) in last
        assert last.get((name, key), old) == old != new
        last[name, key] = new
    return last, again


@cache
def spring():
    made = Generator(estates.scenario("small_estate", BUSY, "estate.incidents.enabled=false"))
    return made, estates.rows(made, "changes", SPRING)


def test_a_setting_is_changed_from_what_it_was_set_to_before():
    found = settings(spring()[1])
    _, again = follows(found)
    assert again > 500
    assert len({new for *_, key, _, new in found if key == "log_level"}) == 3
    follows(settings(month()[1]))


@pytest.mark.parametrize("between", [1, 7, 33])
def test_a_setting_is_known_in_any_window_whatever_was_looked_at_before(between):
    """For all windows A before B, not adjoining: old values of B follow from new ones of all changes before B."""
    made, rows = spring()
    found = settings(rows)
    at = 20_150 * DAY_S + 40_000 // 3_600 * 3_600
    later = Window.between(at + between * DAY_S, at + (between + 9) * DAY_S, 3_600)
    alone = settings(estates.rows(Generator(made.scenario), "changes", later))
    assert alone == [one for one in found if later.since_s <= one[0] < later.until_s]
    last, _ = follows([one for one in found if one[0] < later.since_s])
    for _, name, key, old, new in alone:
        assert last.get((name, key), old) == old
        last[name, key] = new
    assert alone


def test_a_database_has_settings_of_databases_and_no_service_has():
    estate = month()[0].estates.flow.estate
    keys = {
        is_service: {one[2] for one in settings(month()[1]) + settings(spring()[1]) if (one[1] in names) == is_service}
        for names in [{*estate.services}]
        for is_service in (True, False)
    }
    assert all(keys.values())
    assert not keys[True] & keys[False]


OFTEN = ("estate.changes.deploys_per_week=200", "estate.load=0.02")


def often():
    return Generator(estates.scenario("small_estate", *OFTEN, changed=(PLACED, DEPLOY.replace("payment", "auth"))))


def test_events_have_the_version_that_was_out_when_the_request_was_made():
    """For all events at t: version = new value of the last deploy up to t, or old value of the first one after it."""
    made, span = often(), estates.window(90, 210)
    rows = estates.rows(made, "events", span)
    found = [row for row in deploys(estates.rows(made, "changes", span)) if row[1] == "auth-service"]
    assert len(found) > 5
    assert any(row[3].count(".") == 3 for row in found)
    assert set(rows["source.service"].tolist()) == {"auth-service"}
    at = np.searchsorted([row[0] * 1000 for row in found], rows["timestamp"], side="right")
    expected = np.array([found[0][2], *(row[3] for row in found)])[at]
    np.testing.assert_array_equal(rows["source.version"], expected)
    assert len(set(expected.tolist())) > 5


def test_versions_of_events_in_parts_of_a_window_are_those_of_the_whole():
    """For all a = c₀ < … < cₙ = b: G[c₀, c₁) + … + G[cₙ₋₁, cₙ) = G[a, b), where nearly every part has a deploy."""
    parts = [estates.rows(often(), "events", estates.window(low, high)) for low, high in pairwise(range(90, 211, 15))]
    whole = estates.rows(often(), "events", estates.window(90, 210))
    estates.assert_equal(estates.joined(parts, tuple(whole)), whole)


DOCUMENTED = {
    "auth-service": "2.3.1",
    "payment-service": "1.8.2",
    "user-service": "3.1.0",
    "product-service": "2.7.4",
    "order-service": "1.9.1",
    "notification-service": "1.5.3",
    "analytics-service": "2.1.0",
    "search-service": "1.6.8",
}


def test_events_alone_are_of_the_documented_versions():
    """EVT-1: where events are all that there is, nobody deploys, however long it lasts."""
    made = Generator(estates.scenario("events", "estate.hours=720", "estate.total=100000", "estate.incidents.factor=0"))
    until_s = made.estates.flow.estate.span_s[1]
    rows = estates.rows(made, "events", Window.between(until_s - 8 * 3_600, until_s, 60))
    found = {*zip(rows["source.service"].tolist(), rows["source.version"].tolist(), strict=True)}
    assert found == {*DOCUMENTED.items()}
