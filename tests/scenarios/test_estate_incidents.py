"""What goes wrong in the default estate: how often, when, and which kinds (COM-5, COM-6, SHR-20)."""

from collections import Counter
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from ghostfleet.core.window import DAY_S, Window
from ghostfleet.incidents import kinds
from ghostfleet.spec import loading, reading
from ghostfleet.state.estate import Estates

DAYS = 730
SINCE_S = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
COMMON = ["payment_timeout", "connection_pool_exhaustion", "memory_leak", "circuit_breaker", "upstream_degradation"]


@cache
def starting(*assignments):
    document = reading.read(loading.shipped()["estate"], "estate.yaml")
    estates = Estates(loading.load(document, loading.Settings(assignments=assignments)).scenario)
    until_s = SINCE_S + DAYS * DAY_S
    return [one for one in estates.occasions.between(SINCE_S, until_s) if SINCE_S <= one.start_s < until_s]


def local(one):
    return datetime.fromtimestamp(one.start_s, ZoneInfo("America/New_York"))


def test_there_are_two_to_three_a_day():
    assert 2 <= len(starting()) / DAYS <= 3


def test_payment_time_outs_are_the_most_common_and_the_five_documented_kinds_come_first():
    ranked = [name for name, _ in Counter(one.name for one in starting()).most_common()]
    assert ranked[:3] == COMMON[:3]
    assert set(ranked[:5]) == set(COMMON)


def test_every_kind_happens_and_what_only_a_bill_shows_happens_rarely():
    counted = Counter(one.name for one in starting())
    assert set(counted) == set(kinds())
    assert all(
        0 < counted[name] < 0.03 * DAYS for name in ("credential_compromise", "cost_spiral", "license_overprovisioning")
    )


def test_the_shop_s_start_between_10_and_20_and_trading_s_while_markets_are_open():
    for one in starting():
        when = local(one)
        hour = when.hour + when.minute / 60
        if one.name in COMMON:
            assert 10 <= hour < 20
        if one.name in {"trading_latency_spike", "market_data_interruption"}:
            assert 9.5 <= hour < 16
            assert when.weekday() < 5


def test_a_factor_makes_them_more_or_none():
    assert 1.8 < len(starting("estate.incidents.factor=2")) / len(starting()) < 2.2
    assert starting("estate.incidents.factor=0") == []


def test_copies_change_none_of_the_incidents_of_the_first_unit_and_have_their_own():
    def told(ones):
        return {(one.id, one.root, one.start_s, one.end_s) for one in ones}

    first, all_of_them = starting(), starting("estate.scale=3")
    mine = [one for one in all_of_them if not one.root.endswith(("-u2", "-u3"))]
    assert told(mine) == told(first)
    copied = Counter(one.root[-3:] for one in all_of_them if one not in mine)
    assert set(copied) == {"-u2", "-u3"}
    assert max(copied.values()) < 1.15 * min(copied.values())
    begun = {(one.name, one.root, one.start_s) for one in first}
    assert not any((one.name, one.root[:-3], one.start_s) in begun for one in all_of_them if one not in mine)


def test_no_two_of_a_kind_strike_one_at_a_time():
    ones = sorted(starting("estate.incidents.factor=3"), key=lambda one: one.start_s)
    ends: dict[tuple[str, str], int] = {}
    for one in ones:
        assert ends.get((one.name, one.root), 0) <= one.start_s
        ends[one.name, one.root] = one.end_s


def test_every_window_knows_the_same_incidents():
    """For all windows v within w: those of v are those of w of which something is left in v."""
    document = reading.read(loading.shipped()["estate"], "estate.yaml")
    settings = loading.Settings(assignments=("estate.incidents.factor=5",))
    occasions = Estates(loading.load(document, settings).scenario).occasions
    whole = occasions.between(SINCE_S, SINCE_S + 60 * DAY_S)
    for day in range(60):
        since_s, until_s = SINCE_S + day * DAY_S + 7 * 3600, SINCE_S + day * DAY_S + 19 * 3600
        inside = [one for one in whole if one.start_s < until_s and one.end_s > since_s]
        assert occasions.between(since_s, until_s) == inside


@pytest.mark.parametrize("gateway", ["stripe", "paypal", "square"])
def test_a_payment_time_out_fails_a_quarter_to_two_fifths_of_the_shop_s_checkouts(gateway):
    incident = f"{{kind: payment_timeout, on: [{gateway}], minutes: [15, 15]}}"
    text = (
        "scenario: own\nextends: estate\nestate: {start_date: '2025-03-05', days: 1, incidents: {factor: 0, "
        f"placed: [{{starts: 17h, incident: {incident}}}]}}}}"
    )
    estates = Estates(loading.load(reading.read(text, "own.yaml")).scenario)
    (one,) = estates.occasions.between(*estates.flow.estate.span_s)
    risen_s, stood_s = one.phases_s
    outcomes = estates.solve(Window(risen_s // 60 + 1, stood_s // 60, 60)).outcomes
    checkout = estates.flow.places["checkout-service"]
    failed = (outcomes.failed[checkout] + outcomes.late[checkout]).sum()
    assert 0.25 <= failed / outcomes.requests[checkout].sum() <= 0.40
