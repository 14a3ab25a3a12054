"""Lines of logs say what went wrong as the service that writes them saw it: whose answer it lacked, and after how long.

L are the rows of `logs`, S those of `spans`, of the same window; a line belongs to a span, its writer's.
"""

import re
from collections import Counter, defaultdict
from functools import cache

import numpy as np
import pytest

from ghostfleet.generate import Generator
from ghostfleet.world import flow as flows
from tests.laws import estates, test_request_spans, test_samples

US = 1000
STRUCK = test_request_spans.STRUCK
CAUSE = re.compile(
    r"(\S+) (failed after|did not answer in time after) (\d+)\.(\d{3}) ms|(\S+) is not called: circuit open"
)
WINDOWS = {
    "commerce": (test_samples.SHOP, test_samples.window(*test_request_spans.TIMED_OUT)),
    "estate": (("estate.load=0.3",), estates.window(STRUCK, STRUCK + 8)),
}


@cache
def told(scenario: str, table: str) -> estates.Cells:
    settings, window = WINDOWS[scenario]
    return estates.rows(Generator(estates.scenario(scenario, *settings)), table, window)


@cache
def causes(scenario: str) -> list[tuple[str, int, str, str, int | None]]:
    """Writer, row of its span, whom it names, what it says and after how many µs, of all lines of what went wrong."""
    lines, spans = told(scenario, "logs"), told(scenario, "spans")
    place = {one: number for number, one in enumerate(spans["span_id"].tolist())}
    found = []
    columns = (lines[name].tolist() for name in ("service.name", "span_id", "line_id", "body"))
    for service, span, line, body in zip(*columns, strict=True):
        row = place[span]
        if spans["status_code"][row] == "OK" or line.endswith("-1"):
            continue
        said = CAUSE.fullmatch(body)
        assert said, body
        name, what, ms, us, refused = said.groups()
        found.append((service, row, refused or name, what or "is not called", None if refused else int(ms + us)))
    return found


@cache
def calls(scenario: str) -> dict[str, list[int]]:
    """Rows of the calls that each span made, in the order of time."""
    spans = told(scenario, "spans")
    found = defaultdict(list)
    for row, parent in enumerate(spans["parent_span_id"].tolist()):
        found[parent].append(row)
    return found


SCENARIOS = pytest.mark.parametrize("scenario", list(WINDOWS))


@SCENARIOS
def test_nobody_names_whom_it_does_not_call(scenario):
    """For all l ∈ L: what l names is its writer or a callee of its own, whatever lies behind that."""
    flow = flows.build(estates.scenario(scenario))
    names, edges = flow.nodes.names, flow.edges
    called = {(names[one], names[other]) for one, other in zip(edges.parents, edges.children, strict=True)}
    pairs = {(service, name) for service, _, name, *_ in causes(scenario) if service != name}
    assert pairs <= called
    assert ("checkout-service", "payment-service") in pairs
    said = Counter((service, what) for service, _, name, what, _ in causes(scenario) if service != name)
    assert said["payment-service", "did not answer in time after"] > 50
    assert said["checkout-service", "failed after"] > 50


@SCENARIOS
def test_a_line_states_the_time_of_the_call_that_it_names(scenario):
    """For all l ∈ L of a callee: of its writer's last call s ∈ S, which was that callee's, l states the duration.

    Of a service, whose span tells of its own end, it states the caller's limit where that was reached before.
    """
    spans = told(scenario, "spans")
    flow = flows.build(estates.scenario(scenario))
    names, edges = flow.nodes.names, flow.edges
    pairs = zip(edges.parents, edges.children, edges.timeouts_ms.tolist(), strict=True)
    limits = {(names[one], names[other]): round(limit * US) for one, other, limit in pairs}
    seen: Counter[bool] = Counter()
    for service, row, name, what, us in causes(scenario):
        if us is None or name == service:
            continue
        call = calls(scenario)[spans["span_id"][row]][-1]
        is_client = spans["kind"][call] == "CLIENT"
        assert (spans["server.address" if is_client else "service.name"][call]) == name
        assert spans["status_code"][call] == "ERROR"
        assert (spans["error.type"][call] == "timeout") == (what == "did not answer in time after") or not is_client
        duration = int(spans["duration_ms"][call])
        assert us == (duration if is_client else min(duration, limits[service, name]))
        assert is_client <= (spans["service.name"][call] == service)
        seen[is_client] += 1
    assert min(seen[True], seen[False]) > 100


@SCENARIOS
def test_what_a_service_did_itself_took_as_long_as_its_span(scenario):
    spans = told(scenario, "spans")
    own = [(row, us) for service, row, name, _, us in causes(scenario) if name == service]
    assert len(own) > 10
    assert all(spans["duration_ms"][row] == us for row, us in own)


def test_a_refusal_takes_no_time_and_leaves_no_call():
    """Of a callee that is not called there is no span, but of attempts before, and no time is stated."""
    spans = told("commerce", "spans")
    refused = [(row, name) for _, row, name, what, _ in causes("commerce") if what == "is not called"]
    assert len(refused) > 50
    gateways = np.isin(spans["server.address"], test_request_spans.GATEWAYS)
    for row, name in refused:
        assert name in test_request_spans.GATEWAYS
        assert not [call for call in calls("commerce")[spans["span_id"][row]] if gateways[call]]
