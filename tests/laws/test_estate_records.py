"""Rows of tickets know what was known when they were written, and nothing that came later."""

from functools import cache
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from ghostfleet import incidents
from ghostfleet.core.batch import ITEM_END
from ghostfleet.core.window import DAY_S, HOUR_S, MINUTE_S, Window
from ghostfleet.generate import Generator
from ghostfleet.records.incident_metrics import STATUSES
from ghostfleet.spec import loading, reading
from ghostfleet.state.estate import Estates
from ghostfleet.truth import harm, losses
from ghostfleet.truth.harm import dearness, is_production
from ghostfleet.truth.losses import Course, is_of_bills
from tests.laws import estates
from tests.unit.truth.halves import ROOTS, scenario, struck

RECORDS = ("incident_metrics", "security_incidents")
WEEK = Window.between(20_152 * DAY_S, 20_159 * DAY_S, 300)
STARTS_S = 1741190400  # 2025-03-05 16:00
ENTRY = {"incident": {"kind": "bad_deploy", "on": [ROOTS["bad_deploy"]], "minutes": [40, 40]}}
TICKETS = [
    ENTRY | {"starts": "2025-03-05T16:00"},
    {"incident": {"kind": "credential_compromise", "on": ["auth-service"]}, "starts": "2025-03-05T16:10"},
    {"incident": {"kind": "payment_timeout", "on": ["stripe"]}, "starts": "2025-03-05T17:20"},
]
CUTS = [0, 7, 16, 19, 33, 47, 58, 83, 130, 200, 600]


@cache
def week(table):
    return estates.rows(Generator(estates.scenario("estate", "estate.incidents.factor=3")), table, WEEK)


@cache
def breach():
    day = Window.between(20_153 * DAY_S, 20_154 * DAY_S, 300)
    return estates.rows(Generator(estates.scenario("security-breach")), "security_incidents", day)


def span(low, high):
    return Window.between(STARTS_S + low * MINUTE_S, STARTS_S + high * MINUTE_S, MINUTE_S)


@pytest.mark.parametrize("table", RECORDS)
def test_windows_that_cut_incidents_concatenate_to_the_whole(table):
    """For all a = c₀ < … < cₙ = b: G[c₀, c₁) + … + G[cₙ₋₁, cₙ) = G[a, b)."""
    made = Generator(scenario({"placed": TICKETS}))
    parts = [estates.rows(made, table, span(low, high)) for low, high in pairwise(CUTS)]
    whole = estates.rows(made, table, span(0, 600))
    assert len(whole["time"]) >= 3
    estates.assert_equal(estates.joined(parts, made.observer(table).table.names), whole)


def before_a_resolution():
    """Rows before somebody resolves an incident, by a ledger that resolves it and by one that does not."""
    entry = ENTRY | {"starts": "2025-03-05T16:00"}
    (occasion,) = Generator(scenario(ledger=[entry])).estates.occasions.between(STARTS_S, STARTS_S + 60)
    resolution = {"resolves": occasion.id, "at": "2025-03-05T16:25"}
    return [
        estates.rows(Generator(scenario(ledger=lines)), "incident_metrics", span(0, 25))
        for lines in ([entry], [entry, resolution])
    ]


def test_what_was_written_before_a_resolution_does_not_know_of_it():
    """For all ledgers that agree until t: G[a, t) is the same."""
    one, other = before_a_resolution()
    assert one["status"].tolist() == ["investigating", "identified"]
    estates.assert_equal(one, other)


def test_who_counts_what_comes_later_is_seen(monkeypatch):
    until = Course.until
    monkeypatch.setattr(Course, "until", lambda self, _second: until(self, self.occasion.end_s))
    one, other = before_a_resolution()
    assert one["revenue_impact"].tolist() != other["revenue_impact"].tolist()


def test_a_ticket_goes_from_one_state_to_the_next_and_knows_more_each_time():
    """Of all rows of one incident statuses, durations and losses ascend, and what is null was not known yet."""
    rows = week("incident_metrics")
    null = {name: rows[name] == (estates.NULL if rows[name].dtype.kind != "U" else "") for name in rows}
    states = np.array([STATUSES.index(one) for one in rows["status"].tolist()])
    keys = list(zip(rows["time"].tolist(), rows["incident_id"].tolist(), strict=True))
    assert keys == sorted(set(keys))
    for one in set(rows["incident_id"].tolist()):
        mine = rows["incident_id"] == one
        assert (np.diff(states[mine]) > 0).all()
        assert (np.diff(rows["duration_minutes"][mine]) > 0).all()
        assert (np.diff(rows["revenue_impact"][mine]) >= 0).all()
        assert (np.diff(rows["affected_users"][mine]) >= 0).all()
        assert (np.diff(rows["detection_time_minutes"][mine]) == 0).all()
        starts = rows["time"][mine] - rows["duration_minutes"][mine] * 6
        assert np.ptp(starts) <= 6  # tenths of a minute
    np.testing.assert_array_equal(null["resolution_time_minutes"], rows["status"] != "resolved")
    np.testing.assert_array_equal(null["preventable"], rows["status"] != "resolved")
    np.testing.assert_array_equal(null["root_cause_category"], rows["status"] == "investigating")
    assert len(set(rows["incident_id"].tolist())) > 10
    assert set(rows["status"].tolist()) == set(STATUSES)


def courses():
    """What each kind does on its root, and a service that is sent messages."""
    for kind in sorted(ROOTS):
        yield pytest.param(lambda kind=kind: struck(kind, onset=(20, 20), minutes=(60, 60), recovery=(20, 20)), id=kind)
    yield pytest.param(lambda: on_estate("pod_scaling_failure", "order-service"), id="order-service")


def on_estate_with(placed):
    document = reading.read(estates.text("estate"), "estate.yaml")
    document.tree["estate"]["incidents"] = {"placed": placed}
    return Estates(loading.load(document).scenario)


def on_estate(kind, root):
    made = on_estate_with([{"starts": "2025-03-05T16:00", "incident": {"kind": kind, "on": [root]}}])
    (occasion,) = made.occasions.between(STARTS_S, STARTS_S + DAY_S)
    return made, occasion


@pytest.mark.parametrize("case", [*courses()])
def test_what_a_ticket_counts_never_falls(case):
    """For all seconds s ≤ t of an incident: failed(s) ≤ failed(t), usd(s) ≤ usd(t), services(s) ⊆ services(t)."""
    course = Course(*case())
    course.until(course.occasion.end_s + HOUR_S)  # at once, which is faster than minute by minute
    seconds = range(course.occasion.start_s, course.occasion.end_s + 30 * MINUTE_S, MINUTE_S)
    for before, after in pairwise(course.until(second) for second in seconds):
        assert 0 <= before.failed <= after.failed
        assert before.usd <= after.usd
        assert set(before.services) <= set(after.services)


def test_what_a_ticket_counts_is_the_same_however_far_it_was_solved_before():
    """For all t: until(t) after until of any other second is until(t) alone."""
    made, occasion = on_estate("pod_scaling_failure", "order-service")
    course = Course(made, occasion)
    seconds = range(occasion.start_s, occasion.end_s, 11 * MINUTE_S)
    assert [course.until(second) for second in seconds] == [Course(made, occasion).until(second) for second in seconds]


def test_whom_it_struck_stays_struck_when_fewer_fail_later_than_would_have(monkeypatch):
    """failed(t) is the most that the sum of what failed more has been until t, however the sum goes on."""
    made, occasion = on_estate("bad_deploy", "order-service")
    course = Course(made, occasion)

    def solve(piece, without=None):
        is_early = np.arange(piece.start, piece.stop) < course._window.start + 10
        failed = np.where(is_early, 5, 0) if without is None else np.where(is_early, 0, 2)
        return SimpleNamespace(outcomes=SimpleNamespace(entry_failed=failed[None, :]))

    monkeypatch.setattr(made, "solve", solve)
    monkeypatch.setattr(Course, "_note", lambda *_: None)
    monkeypatch.setattr(course._harm, "weight", lambda *_: 1.0)
    seconds = [(course._window.start + tick) * MINUTE_S for tick in (0, 5, 10, 20, 30)]
    assert [course.until(second).failed for second in seconds] == [0, 25, 50, 50, 50]
    assert course._balance == 10


@pytest.mark.parametrize("table", ["security_events", "security_incidents"])
def test_no_event_is_resolved_after_its_row_was_written(table):
    """For all rows resolved_at is null or no later than time; of one event open < in progress < resolved."""
    rows = breach() if table == "security_incidents" else week(table)
    known = rows["resolved_at"] != estates.NULL
    np.testing.assert_array_equal(known, rows["status"] == "resolved")
    np.testing.assert_array_equal(rows["resolved_at"][known], rows["time"][known])
    place = {"open": 0, "in_progress": 1, "resolved": 2}
    last: dict[str, int] = {}
    assert {"open", "in_progress", "resolved"} <= set(rows["status"].tolist())
    for event, status in zip(rows["event_id"].tolist(), rows["status"].tolist(), strict=True):
        assert place[status] > last.get(event, -1)
        last[event] = place[status]


# --- what it cost, and whom ------------------------------------------------------------------------------------------

BELOW = [
    ("node_loss", "dev-microservices-cluster"),
    ("connection_pool_exhaustion", "dev-sqlserver-01"),
    ("authentication_failure", "staging-auth-service"),
    ("credential_compromise", "staging-auth-service"),
]
DOCUMENTED = [  # EST-17
    ("trading_latency_spike", "trading-api", 500_000, 2_000_000),
    ("market_data_interruption", "market-data-ingestion", 1_000_000, 5_000_000),
    ("authentication_failure", "auth-service", 200_000, 800_000),
    ("memory_leak", "risk-calculator", 50_000, 200_000),
]


@pytest.mark.parametrize(("kind", "root"), BELOW)
def test_what_fails_below_production_costs_no_revenue(kind, root):
    course = Course(*on_estate(kind, root))
    assert course.until(course.occasion.end_s).usd == 0


@pytest.mark.parametrize(("kind", "root", "least", "most"), DOCUMENTED)
def test_what_fails_in_production_costs_what_documents_say(kind, root, least, most):
    course = Course(*on_estate(kind, root))
    assert least <= course.until(course.occasion.end_s).usd <= 1.25 * most


BOUNDED = {kind: (root, least, most) for kind, root, least, most in DOCUMENTED if incidents.kinds()[kind].USD}
HOURS = ("2025-03-05T15:31", "2025-03-05T18:42", "2025-03-06T03:00", "2025-03-09T05:00")  # a rush, nights, a Sunday


@cache
def at_hours(kind, shortest, longest):
    """What the shortest and the longest of a kind cost at each hour, each by itself."""
    found = []
    for starts in HOURS:
        for stand in (shortest, longest):
            for slope in (0, 1):
                options = {
                    name: [getattr(incidents.kinds()[kind](), name)[slope]] * 2 for name in ("onset", "recovery")
                }
                one = {"kind": kind, "on": [BOUNDED[kind][0]], "minutes": [stand, stand], **options}
                made = on_estate_with([{"starts": starts, "incident": one}])
                (occasion,) = made.occasions.between(STARTS_S - HOUR_S, STARTS_S + 7 * DAY_S)
                found.append(Course(made, occasion).until(occasion.end_s).usd)
    return found


@pytest.mark.parametrize("kind", sorted(BOUNDED))
def test_the_shortest_and_the_longest_cost_what_documents_say_at_any_hour(kind):
    """For all hours, lengths and slopes that a kind has: least ≤ usd(end) ≤ most."""
    _, least, most = BOUNDED[kind]
    found = at_hours(kind, *incidents.kinds()[kind]().minutes)
    assert least <= min(found)
    assert max(found) <= most
    assert len(set(found)) == len(found)  # demand still tells


@pytest.mark.parametrize("counted", ["demand without bounds", "slopes on top"])
def test_who_lets_demand_or_slopes_cost_what_they_will_is_seen(counted, monkeypatch):
    if counted == "slopes on top":
        monkeypatch.setattr(losses, "_share", lambda _occasion: 1.0)
    else:
        monkeypatch.setattr(harm, "dearness", lambda _kind: lambda demand: demand)
    kind = "market_data_interruption"
    _, least, most = BOUNDED[kind]
    found = at_hours.__wrapped__(kind, *incidents.kinds()[kind]().minutes)
    assert max(found) > most or min(found) < least


def test_whatever_happens_in_a_year_costs_what_documents_say():
    """For all incidents of a year with four times as many: least ≤ usd(end) ≤ most in production, and else usd = 0."""
    made = Estates(estates.scenario("estate", "estate.incidents.factor=4"))
    several = [one for one in made.occasions.between(STARTS_S, STARTS_S + 330 * DAY_S) if one.name in BOUNDED]
    seen = set()
    for one in several[:: len(several) // 60]:
        _, least, most = BOUNDED[one.name]
        usd = Course(made, one).until(one.end_s).usd
        assert least <= usd <= most if is_production(made.flow.estate, one.root) else usd == 0
        seen.add(one.name)
    assert seen == set(BOUNDED)


@pytest.mark.parametrize("kind", sorted(BOUNDED))
def test_times_the_usual_cost_rise_with_demand_within_what_documents_leave(kind):
    """For all demands d < e: low < dearness(d) < dearness(e) < high, and dearness(1) = 1."""
    made = incidents.kinds()[kind]()
    (shortest, longest), (_, least, most) = made.minutes, BOUNDED[kind]
    found = dearness(made)(np.array([0.0, 0.1, 1.0, 3.0, 1e6]))
    assert (np.diff(found) > 0).all()
    assert found[2] == pytest.approx(1)
    assert found[0] * made.USD_PER_MINUTE * shortest > least
    assert found[-1] * made.USD_PER_MINUTE * longest <= most


def test_money_is_lost_by_what_fails_and_not_by_time():
    """For all shares f < g of requests that fail for as long: usd(f) < usd(g), and usd ≈ 0 for f ≈ 0."""
    usd = []
    for failure in (0.0005, 0.02, 0.1):
        harmless = {"slower": 1.001, "work": 1.001, "failure": failure}
        course = Course(*struck("bad_deploy", minutes=(40, 40), **harmless))
        usd.append(course.until(course.occasion.end_s).usd)
    assert usd == sorted(set(usd))
    assert usd[0] < usd[2] / 50


def test_money_of_a_surge_that_everybody_is_served_in_is_little():
    """Of two surges of one length, the one that nobody notices costs a tenth at most of the one that overloads."""
    usd = []
    for factor in (1.05, 8):
        course = Course(*struck("traffic_surge", minutes=(40, 40), factor=factor))
        usd.append(course.until(course.occasion.end_s).usd)
    assert usd[0] * 10 < usd[1]


def affected(rows, one):
    """Status and services of each row of a ticket."""
    mine = rows["incident_id"] == one
    told = [set(text.split(ITEM_END)) - {""} for text in rows["affected_services"][mine].tolist()]
    return list(zip(rows["status"][mine].tolist(), told, strict=True))


def test_a_ticket_names_services_at_what_was_struck_once_it_is_found():
    """For all tickets of a week that requests can notice or that strike a service, and rows that know the cause."""
    made, rows = Generator(estates.scenario("estate", "estate.incidents.factor=3")).estates, week("incident_metrics")
    services = made.flow.estate.services
    for occasion in made.occasions.between(WEEK.since_s, WEEK.until_s):
        for status, told in affected(rows, occasion.id):
            if status != STATUSES[0]:
                assert told or is_of_bills(occasion)
                assert occasion.root in told or occasion.root not in services
                assert told >= set(made.residents.get(occasion.root, ())) or is_of_bills(occasion)
    assert {"traffic_surge", "connection_pool_exhaustion"} <= {
        one.name for one in made.occasions.between(WEEK.since_s, WEEK.until_s)
    }


def test_stolen_credentials_are_those_of_a_service():
    made = Generator(scenario({"placed": TICKETS[1:2]}))
    rows = estates.rows(made, "incident_metrics", span(0, 600))
    told = affected(rows, rows["incident_id"][0])
    assert all(services == {"auth-service"} for status, services in told if status != STATUSES[0])
    assert len(told) == len(STATUSES)
    assert (rows["revenue_impact"][1:] > 0).all()
