"""What a scenario says of incidents is checked when it is loaded, at its line."""

import json

import pytest
from jsonschema import Draft202012Validator

from ghostfleet.core.errors import ScenarioError
from ghostfleet.spec import loading, reading, schema
from tests.unit.truth.halves import TEXT

INCIDENTS = """
  incidents:
    scheduled:
      payments:
        incident: {kind: payment_timeout}
        per_day: 2
        hours: [10, 20]
    placed:
      - incident: {kind: memory_leak, on: [auth-service]}
        starts: "2025-03-05T18:30"
"""


def load(old="", new=""):
    text = TEXT + INCIDENTS
    assert not old or text.count(old) == 1
    return loading.load(reading.read(text.replace(old, new), "own.yaml")).scenario


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("payment_timeout", "payment_outage", "payments.incident.kind: 'payment_outage' is no kind"),
        ("payment_timeout", "payment_outage", "valid are authentication_failure, bad_deploy"),
        ("kind: memory_leak,", "kind: memory_leak, colour: red,", "0.incident.colour: a memory_leak has no such key"),
        ("kind: memory_leak,", "kind: memory_leak, colour: red,", "(valid here: kind, on, severity"),
        ("[auth-service]", "[auth-service, nobody]", "placed.0.incident.on.1: there is no Service 'nobody'; valid are"),
        ("payment_timeout}", "payment_timeout, on: [auth-service]}", "there is no ExternalService 'auth-service'"),
        ("kind: memory_leak,", "kind: memory_leak, severity: huge,", "'huge' is not valid; valid are critical, high"),
        ("kind: memory_leak,", "kind: memory_leak, minutes: [5, 1],", "a range ends at 1.0 before it begins at 5.0"),
        ("kind: memory_leak,", "kind: memory_leak, minutes: [5, x],", "placed.0.incident.minutes.1: expected a number"),
        ("{kind: memory_leak, on", "{on", "placed.0.incident: the key kind is missing; valid are"),
        ("memory_leak, on: [auth", "traffic_surge, on: [payment", "on.0: no demand enters at payment-service"),
        ("2025-03-05T18:30", "tomorrow", "placed.0.starts: 'tomorrow' is no time; valid is 2026-03-04T09:30"),
        ("2025-03-05T18:30", "1850-01-01", "placed.0.starts: it would never be seen, for the scenario is told of from"),
        ('"2025-03-05T18:30"', "99999d", "placed.0.starts: it would never be seen, for the scenario is told of from"),
        ("hours: [10, 20]", "hours: [20, 10]", "payments.hours: 20 to 10 are no hours of a day"),
        ("{type: payment_gateway, usd_per_month: 0, response_ms: 180, sla_percent: 99.95}",
         "{type: paging, usd_per_month: 0, response_ms: 180, sla_percent: 99.95}", None),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_its_line(old, new, complaint):
    if complaint is None:
        assert load(old, new)
        return
    line = next(
        number for number, text in enumerate((TEXT + INCIDENTS).replace(old, new).split("\n"), 1) if new in text
    )
    with pytest.raises(ScenarioError) as raised:
        load(old, new)
    assert complaint in str(raised.value)
    assert str(raised.value).startswith(f"own.yaml:{line}: estate.incidents.")


def test_what_began_before_the_span_and_lasts_into_it_is_placed():
    starts = "starts: 2019-12-31T23:58"
    text = (
        (TEXT + INCIDENTS)
        .replace('starts: "2025-03-05T18:30"', starts)
        .replace("estate:", "estate:\n  start_date: 2020-01-01", 1)
    )
    assert starts in text
    estate = loading.load(reading.read(text, "own.yaml")).scenario.estate
    assert estate is not None
    assert len(estate.incidents.placed) == 1


def test_a_kind_that_can_strike_nobody_is_refused():
    nobody = TEXT.replace("type: payment_gateway,", "type: paging,") + INCIDENTS
    with pytest.raises(ScenarioError, match="nothing in this estate can be struck by payment_timeout; name somebody"):
        loading.load(reading.read(nobody, "own.yaml"))


def test_whoever_is_named_need_only_have_the_label():
    assert load("kind: memory_leak, on: [auth-service]", "kind: authentication_failure, on: [search-service]")


def test_the_schema_knows_every_kind():
    made = Draft202012Validator(schema.schema())
    tree = json.loads(json.dumps(reading.read(TEXT + INCIDENTS, "own.yaml").tree))
    assert made.is_valid(tree)
    scheduled = tree["estate"]["incidents"]["scheduled"]["payments"]
    for wrong in ({"kind": "payment_outage"}, {"kind": "payment_timeout", "colour": 1}, {"on": ["stripe"]}):
        scheduled["incident"] = wrong
        assert not made.is_valid(tree), wrong
    scheduled["incident"] = {"kind": "payment_timeout"}
    tree["estate"]["ledger"] = [{"resolves": "x", "at": "2025-03-05"}]
    assert made.is_valid(tree)
    tree["estate"]["ledger"] = [{"incident": {"kind": "payment_outage"}, "starts": "2025-03-05"}]
    assert not made.is_valid(tree)
