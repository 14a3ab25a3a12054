"""The ledger: lines in, entries out; what cannot be is refused with its line."""

import json
from typing import Any

import msgspec
import pytest

from ghostfleet.core.errors import ScenarioError
from ghostfleet.spec import ledger
from ghostfleet.state.estate import Estates
from tests.unit.truth.halves import DAY_S, scenario

ESTATE = scenario().estate
DEPLOY: dict[str, Any] = {
    "incident": {"kind": "bad_deploy", "on": ["auth-service"]},
    "starts": "2025-03-05T16:00",
    "id": "mine",
}
LEAK: dict[str, Any] = {
    "incident": {"kind": "memory_leak", "on": ["payment-service"]},
    "starts": "2025-03-05T16:00+01:00",
}
RESOLVED = {"resolves": "mine", "at": "2025-03-05T16:10"}


def text(*entries):
    return "".join(json.dumps(entry) + "\n" for entry in entries)


def read(*entries):
    return ledger.read(text(*entries), "added.jsonl", ESTATE)


def test_entries_stand_in_their_order_whatever_blank_lines_are_between():
    assert ledger.read("\n" + text(DEPLOY) + "\n\n" + text(LEAK), "added.jsonl", ESTATE) == read(DEPLOY, LEAK)
    assert len(read(DEPLOY, LEAK)) == 2


def test_a_last_line_without_its_end_is_fine_when_it_is_whole():
    assert ledger.read(text(DEPLOY, LEAK).rstrip(), "added.jsonl", ESTATE) == read(DEPLOY, LEAK)


def test_entries_become_incidents():
    estates = Estates(scenario(ledger=[DEPLOY, LEAK, RESOLVED]))
    deploy, leak = sorted(estates.occasions.between(DAY_S, DAY_S + 86400), key=lambda one: one.name)
    assert (deploy.id, deploy.name, deploy.root, deploy.start_s) == (
        "mine",
        "bad_deploy",
        "auth-service",
        DAY_S + 16 * 3600,
    )
    assert deploy.resolved_s == deploy.phases_s[1] == DAY_S + 16 * 3600 + 600
    assert leak.start_s == DAY_S + 15 * 3600
    assert leak.id.startswith("inc-")
    assert leak.resolved_s is None


def test_an_entry_is_the_incident_that_a_scenario_would_place():
    placed = {key: LEAK[key] for key in ("incident", "starts")}
    (there,) = Estates(scenario({"placed": [placed]})).occasions.between(DAY_S, DAY_S + 86400)
    (here,) = Estates(scenario(ledger=[LEAK])).occasions.between(DAY_S, DAY_S + 86400)
    assert here == there


def test_a_longer_ledger_changes_nothing_that_a_shorter_one_said():
    short = Estates(scenario(ledger=[DEPLOY])).occasions.between(DAY_S, DAY_S + 86400)
    longer = Estates(scenario(ledger=[DEPLOY, LEAK])).occasions.between(DAY_S, DAY_S + 86400)
    assert set(short) < set(longer)


@pytest.mark.parametrize(
    ("entries", "line", "complaint"),
    [
        ([{**DEPLOY, "incident": {"kind": "nope"}}], 1, "incident.kind: 'nope' is no kind of incident; valid are"),
        ([{**DEPLOY, "incident": {}}], 1, "incident: the key kind is missing"),
        (
            [{**DEPLOY, "incident": {"kind": "bad_deploy", "on": ["x"]}}],
            1,
            "incident.on.0: there is no Service 'x'; valid",
        ),
        ([{**DEPLOY, "incident": {"kind": "bad_deploy"}}], 1, "incident.on: it names 0; an entry of the ledger names"),
        ([{**DEPLOY, "incident": {**DEPLOY["incident"], "hue": 1}}], 1, "incident.hue: a bad_deploy has no such key"),
        ([{**DEPLOY, "starts": "soon"}], 1, "starts: 'soon' is no time"),
        (
            [{**DEPLOY, "starts": "0001-01-01"}],
            1,
            "starts: it would never be seen, for the scenario is told of from 20",
        ),
        (
            [{**DEPLOY, "starts": "9999-12-31"}],
            1,
            "starts: it would never be seen, for the scenario is told of from 20",
        ),
        ([LEAK, {**DEPLOY, "id": ""}], 2, "id: Expected str of length >= 1"),
        ([DEPLOY, {**RESOLVED, "resolves": ""}], 2, "resolves: Expected str of length >= 1"),
        ([LEAK, {**DEPLOY, "colour": 1}], 2, "Object contains unknown field colour"),
        ([LEAK, {"id": 3}], 2, "id: Expected str | null, got int"),
        ([LEAK, {"id": "x"}], 2, "an entry is an incident (incident, starts, id) or a resolution"),
        ([LEAK, {**DEPLOY, **RESOLVED}], 2, "an entry is an incident"),
        (
            [DEPLOY, {**DEPLOY, "id": "other", "starts": "2025-03-05T16:20"}],
            2,
            "starts: bad_deploy on auth-service may last until",
        ),
        ([DEPLOY, {**LEAK, "id": "mine"}], 2, "id: 'mine' is the id of an earlier entry"),
        ([RESOLVED], 1, "resolves: there is no incident 'mine' in the ledger; no incident stands before it"),
        ([LEAK, RESOLVED], 2, "resolves: there is no incident 'mine' in the ledger; known are inc-"),
        ([DEPLOY, {**RESOLVED, "at": "2025-03-05T15:59"}], 2, "at: mine starts only at 2025-03-05T16:00:00Z"),
        ([DEPLOY, RESOLVED, RESOLVED], 3, "resolves: mine was resolved by an earlier entry"),
        ([DEPLOY, {**RESOLVED, "at": "late"}], 2, "at: 'late' is no time"),
    ],
)
def test_what_cannot_be_is_refused_at_its_line(entries, line, complaint):
    with pytest.raises(ScenarioError) as raised:
        read(*entries)
    assert str(raised.value).startswith(f"added.jsonl:{line}: {complaint}")


@pytest.mark.parametrize(
    ("rest", "complaint"),
    [
        (text(LEAK)[:-20], "added.jsonl:2: the last line is cut off"),
        ("nope\n" + text(LEAK), "added.jsonl:2: not a JSON object"),
        ("[1]\n", "added.jsonl:2: Expected object, got array"),
        (text({**LEAK, "id": "a\0"}), "added.jsonl:2: a text cannot contain NUL"),
        (
            text({**LEAK, "incident": {**LEAK["incident"], "on": ["a\x1f"]}}),
            "added.jsonl:2: a text cannot contain the unit",
        ),
        ('{"incident": {"kind": ' + "[" * 5000 + "\n", "added.jsonl:2: "),
    ],
)
def test_lines_that_are_no_entries_are_refused(rest, complaint):
    with pytest.raises(ScenarioError) as raised:
        ledger.read(text(DEPLOY) + rest, "added.jsonl", ESTATE)
    assert complaint in str(raised.value)


def test_the_same_kind_may_strike_again_once_it_is_resolved():
    again = {**DEPLOY, "id": "again", "starts": "2025-03-05T16:20"}
    assert len(read(DEPLOY, RESOLVED, again)) == 3


FRONTIER_S = DAY_S + 16 * 3600 + 300  # 16:05


@pytest.mark.parametrize(
    ("released", "entries", "complaint"),
    [
        ([], [DEPLOY], "entry 1 of the ledger: starts: 2025-03-05T16:00 is before .* valid is 2025-03-05T16:05:00Z or"),
        ([DEPLOY], [DEPLOY, {**RESOLVED, "at": "2025-03-05T16:04"}], "entry 2 of the ledger: at: 2025-03-05T16:04 is"),
        ([DEPLOY, RESOLVED], [DEPLOY], "had 2 entries and has 1 now; a ledger only grows"),
        ([DEPLOY], [{**DEPLOY, "starts": "2025-03-05T17:00"}], "entry 1 of the ledger is another one than when it was"),
    ],
)
def test_nothing_new_begins_before_what_was_released(released, entries, complaint):
    with pytest.raises(ValueError, match=complaint):
        ledger.ensure_extends(read(*entries), read(*released), FRONTIER_S)


def test_what_was_released_stands_and_what_is_later_is_added():
    for count in range(3):
        later = [DEPLOY, RESOLVED, {**LEAK, "starts": "2025-03-05T16:05"}]
        ledger.ensure_extends(read(*later), read(*later[:count]), FRONTIER_S if count else DAY_S)


def test_a_file_continues_the_ledger_of_its_scenario():
    estate = scenario(ledger=[DEPLOY]).estate
    assert ledger.read(text(RESOLVED), "added.jsonl", estate)
    with pytest.raises(ScenarioError, match=r"added.jsonl:1: id: 'mine' is the id of an earlier entry"):
        ledger.read(text({**LEAK, "id": "mine"}), "added.jsonl", estate)


def test_the_ledger_of_a_scenario_is_checked_when_it_is_loaded():
    with pytest.raises(ScenarioError, match=r"estate.ledger.1.starts: 'soon' is no time"):
        scenario(ledger=[DEPLOY, {**LEAK, "starts": "soon"}])


def test_a_manifest_keeps_the_ledger():
    from ghostfleet.spec import loading

    known = scenario(ledger=[DEPLOY, RESOLVED])
    assert loading.restore(msgspec.to_builtins(known), "manifest.json") == known
