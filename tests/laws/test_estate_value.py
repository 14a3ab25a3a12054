"""What work was worth agrees with bills and tickets of the same run, and knows nothing that came later."""

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from ghostfleet.core.window import DAY_S, HOUR_S, MINUTE_S, Window
from ghostfleet.generate import Generator
from ghostfleet.records import business_value_metrics as value
from ghostfleet.records.business_value_metrics import minutes
from ghostfleet.records.business_value_metrics.savings import WEEK_S, Savings
from ghostfleet.state.estate import Estates
from ghostfleet.truth.losses import is_felt
from ghostfleet.truth.metrics import LEAF_PARAMETERS
from tests.laws import estates
from tests.unit.truth.halves import ROOTS, TRADING, scenario, struck

MONDAY_S = 20_157 * DAY_S  # 2025-03-10
CLUSTER = "prod-trading-cluster"
LICENCE = {"kind": "license_overprovisioning", "on": [ROOTS["license_overprovisioning"]], "wasted_share": 0.2}
SPIRAL = {"kind": "cost_spiral", "on": [CLUSTER], "nodes": 1.5, "onset": [60, 60], "recovery": [90, 90]}
WASTE: list[dict[str, Any]] = [
    {"starts": "2025-03-04T10:20", "incident": LICENCE | {"minutes": [5_000, 5_000]}},
    {"starts": "2025-03-05T09:00", "incident": SPIRAL | {"minutes": [2_880, 2_880]}},
    {"starts": "2025-03-11T08:30", "incident": SPIRAL | {"minutes": [1_440, 1_440]}},
]
TROUBLE: list[dict[str, Any]] = [
    {"starts": "2025-03-04T16:00", "incident": {"kind": "payment_timeout", "on": ["stripe"], "minutes": [90, 90]}},
    {"starts": "2025-03-04T16:20", "incident": {"kind": "bad_deploy", "on": ["checkout-service"], "minutes": [60, 60]}},
    {"starts": "2025-03-09T23:10", "incident": {"kind": "node_loss", "on": [CLUSTER], "minutes": [120, 120]}},
    {"starts": "2025-03-12T11:00", "incident": {"kind": "circuit_breaker", "on": ["stripe"], "minutes": [9, 9]}},
    {"starts": "2025-03-16T23:57", "incident": {"kind": "payment_timeout", "on": ["stripe"], "minutes": [20, 20]}},
]
CUTS = [-9, -6, 0, 1, 5, 7, 8, 13, 15, 22]


def days(low, high):
    return Window.between(MONDAY_S + low * DAY_S, MONDAY_S + high * DAY_S, DAY_S)


@cache
def made(*names):
    return Generator(
        scenario({"placed": [one for name in names for one in {"waste": WASTE, "trouble": TROUBLE}[name]]})
    )


THREE_WEEKS = days(0, 15)


def told(generator, column, category, span=THREE_WEEKS):
    """Values of a category by the end of the week, in hundredths."""
    rows = estates.rows(generator, "business_value_metrics", span)
    mine = rows["category"] == category
    return dict(zip(rows["time"][mine].tolist(), rows[column][mine].tolist(), strict=True))


def test_windows_concatenate_to_the_whole():
    """For all a = c₀ < … < cₙ = b: V[c₀, c₁) + … + V[cₙ₋₁, cₙ) = V[a, b)."""
    both = Generator(made("waste", "trouble").scenario)
    parts = [estates.rows(both, "business_value_metrics", days(low, high)) for low, high in reversed([*pairwise(CUTS)])]
    whole = estates.rows(made("waste", "trouble"), "business_value_metrics", days(CUTS[0], CUTS[-1]))
    assert len(set(whole["time"].tolist())) == 5
    estates.assert_equal(estates.joined(parts[::-1], tuple(whole)), whole)


# --- savings ---------------------------------------------------------------------------------------------------------


def waste(placed, since_s, until_s):
    """Waste that cost_metrics tells of some hours, in ten-thousandths of a USD."""
    span = Window.between(since_s, until_s, HOUR_S)
    return (
        int(estates.rows(Generator(scenario({"placed": placed})), "cost_metrics", span)["estimated_waste"].sum()) / 24
    )


def as_if(place, until_s):
    """What is placed, but one goes on to a second, alone of its kind there."""
    one = WASTE[place]
    lasting = (until_s - int(np.datetime64(one["starts"]).astype("datetime64[s]").astype(int))) // MINUTE_S
    going_on = one | {"incident": one["incident"] | {"minutes": [lasting, lasting]}}
    return [other for other in WASTE[:place] if other["incident"]["kind"] != one["incident"]["kind"]] + [going_on]


def test_savings_are_what_costs_tell_less_than_if_waste_had_gone_on():
    """For the week w after the end of an incident: savings(w) = Σ waste of the run in which it goes on − Σ waste."""
    second = MONDAY_S + WEEK_S
    licence_s, spiral_s = (int(np.datetime64(at, "s").astype(int)) for at in ("2025-03-07T22:00", "2025-03-07T12:00"))
    before = [one for one in WASTE if one["starts"] < "2025-03-10"]
    first = sum(
        waste(as_if(place, second), since_s, MONDAY_S) - waste(before, since_s, MONDAY_S)
        for place, since_s in ((0, licence_s), (1, spiral_s))
    )
    saved = told(made("waste"), "cost_savings_usd", "infrastructure_optimization")
    assert saved[MONDAY_S] == pytest.approx(first / 100, abs=2)
    assert saved[MONDAY_S] > 0


def test_savings_after_a_week_count_as_the_first_week_did_until_it_is_wasted_again():
    """The licence saves 168 of its hours each later week; the first spiral stops saving when the second begins."""
    saved = told(made("waste"), "cost_savings_usd", "infrastructure_optimization", days(0, 29))
    licence = told(
        Generator(scenario({"placed": WASTE[:1]})), "cost_savings_usd", "infrastructure_optimization", days(0, 29)
    )
    spirals = {at: usd - licence[at] for at, usd in saved.items()}
    assert len({licence[MONDAY_S + week * WEEK_S] for week in (2, 3, 4)}) == 1
    assert licence[MONDAY_S] < licence[MONDAY_S + WEEK_S]
    alone = told(
        Generator(scenario({"placed": WASTE[1:2]})), "cost_savings_usd", "infrastructure_optimization", days(0, 15)
    )
    assert spirals[MONDAY_S] == pytest.approx(alone[MONDAY_S], abs=2)
    assert spirals[MONDAY_S + WEEK_S] < alone[MONDAY_S + WEEK_S]


def test_a_saving_that_counts_what_began_again_is_seen(monkeypatch):
    honest = Savings._over
    monkeypatch.setattr(Savings, "_over", lambda self, until_s: [(one, until_s) for one, _ in honest(self, until_s)])
    with pytest.raises(AssertionError):
        test_savings_after_a_week_count_as_the_first_week_did_until_it_is_wasted_again()


def test_whoever_wastes_no_bill_saves_nothing():
    rows = told(made("trouble"), "cost_savings_usd", "infrastructure_optimization")
    assert set(rows.values()) == {0}


# --- minutes ---------------------------------------------------------------------------------------------------------


def stretches_of(tickets, end_s):
    """Start and end of each ticket that was felt by somebody, by what had been written in it by a second."""
    found = {}
    for row in range(len(tickets["time"])):
        at = int(tickets["time"][row])
        is_felt_by_somebody = tickets["affected_services"][row] or tickets["affected_users"][row]
        if at < end_s and is_felt_by_somebody:
            start = at - tickets["duration_minutes"][row] * 6
            found[tickets["incident_id"][row]] = (start, at if tickets["status"][row] == "resolved" else end_s)
    return list(found.values())


def minutes_lost(tickets, end_s, since_s, until_s):
    """Minutes of a stretch in which a ticket was open, counted one by one."""
    found = stretches_of(tickets, end_s)
    middles = np.arange(since_s, until_s, 6) + 3
    inside = np.zeros(len(middles), dtype=bool)
    for start, end in found:
        inside |= (middles >= start) & (middles < end)
    return np.count_nonzero(inside) / 10


@cache
def tickets():
    window = Window.between(MONDAY_S - 2 * WEEK_S, MONDAY_S + 2 * WEEK_S, 300)
    return estates.rows(made("trouble"), "incident_metrics", window)


def test_minutes_are_those_of_tickets_each_once():
    """For all weeks: gain = 100 (m(w − 1) − m(w)) / m(w − 1), where m counts minutes of the union of tickets."""
    gains = told(made("trouble"), "efficiency_gain_percent", "system_performance")
    for end_s, gain in gains.items():
        before, lost = (minutes_lost(tickets(), end_s, at, at + WEEK_S) for at in (end_s - 2 * WEEK_S, end_s - WEEK_S))
        expected = 100 * max(before - lost, 0) / before if before else 0
        assert gain / 100 == pytest.approx(expected, abs=0.2)
    assert len(set(gains.values())) > 1


def test_minutes_that_count_twice_are_seen(monkeypatch):
    monkeypatch.setattr(
        minutes,
        "inside",
        lambda some, low, high: [(max(a, low), min(b, high)) for a, b in some if a < high and b > low],
    )
    made.cache_clear()
    with pytest.raises(AssertionError):
        test_minutes_are_those_of_tickets_each_once()


def test_time_saved_is_of_tickets_that_were_over_in_the_week():
    """For all weeks: hours = Σ (47 − minutes of the ticket, if fewer) × people, over tickets resolved in the week."""
    hours = told(made("trouble"), "time_savings_hours", "incident_resolution")
    rows = tickets()
    for end_s, found in hours.items():
        over = (rows["status"] == "resolved") & (rows["time"] >= end_s - WEEK_S) & (rows["time"] < end_s)
        spared = np.maximum(value.BY_HAND_MIN - rows["duration_minutes"][over] / 10, 0).sum()
        assert found / 100 == pytest.approx(spared / 60 * value.ON_CALL, abs=0.05)
    assert any(hours.values())


@pytest.mark.parametrize("factor", [0, 1, 20])
def test_figures_lie_within_what_they_mean(factor):
    """No week has more minutes than it has, and no gain is above all of them; without incidents all three are 0."""
    made = Generator(estates.scenario("small_estate", f"estate.incidents.factor={factor}"))
    rows = estates.rows(made, "business_value_metrics", days(0, 22))
    known = {name: rows[name][rows[name] != estates.NULL] for name in ("efficiency_gain_percent", "cost_savings_usd")}
    assert (known["efficiency_gain_percent"] >= 0).all()
    assert (known["efficiency_gain_percent"] <= 100_00).all()
    assert (known["cost_savings_usd"] >= 0).all()


def test_an_estate_without_incidents_has_the_worth_of_its_changes_and_findings_alone():
    rows = estates.rows(Generator(scenario()), "business_value_metrics", THREE_WEEKS)
    worth = {"automation", "deployment_automation", "security_improvement"}
    for category in set(rows["category"].tolist()):
        mine = rows["category"] == category
        figures = np.stack(
            [rows[name][mine] for name in rows if name.endswith(("_usd", "_hours", "_percent", "_score"))]
        )
        some = figures[figures != estates.NULL]
        assert len(some) == mine.sum()
        assert (some > 0).all() if category in worth else not some.any()


# --- who is noticed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(ROOTS))
def test_what_requests_could_notice_is_what_is_not_of_leaves(kind):
    made, occasion = struck(kind)
    assert is_felt(made, occasion) == any(one.parameter not in LEAF_PARAMETERS for one in occasion.kind.effects())


def test_what_wastes_money_alone_is_noticed_in_the_bill_of_a_day():
    """For all tickets of licences and machines too many: detected a day after the start, and a while; nobody is hit."""
    found = Generator(estates.scenario("cost-spiral"))
    since_s = found.scenario.timeline.since_s
    rows = estates.rows(found, "incident_metrics", Window.between(since_s, since_s + 10 * DAY_S, 300))
    first = rows["status"] == "investigating"
    assert first.sum() == 7
    assert (np.abs(rows["duration_minutes"][first] / 10 - DAY_S / 60) < 60).all()
    assert not rows["affected_users"].any()


def test_nobody_notices_a_cluster_that_grows():
    """For all ticks of a spiral of machines alone the state is that without it, bit for bit."""
    made = Estates(scenario({"placed": WASTE[1:2]}))
    (occasion,) = made.occasions.between(MONDAY_S - WEEK_S, MONDAY_S)
    span = Window.between(occasion.start_s, occasion.end_s, 60)
    assert CLUSTER in TRADING
    assert not is_felt(made, occasion)
    with_it, without = (estates.arrays(made.solve(span, keep)) for keep in (lambda _: True, lambda _: False))
    for name, values in with_it.items():
        np.testing.assert_array_equal(values, without[name], err_msg=name)
