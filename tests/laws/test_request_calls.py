"""Percentiles of calls between services are those of their requests, while breakers are open, calls fail and hang.

S are the rows of `spans`, N those of `network_metrics`, of the shop through one incident of each kind.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from ghostfleet.core.window import MINUTE_S
from ghostfleet.generate import Generator
from tests.laws import estates, test_samples

PERCENTILES = (("p50_latency_ms", 0.5, 0.05), ("p95_latency_ms", 0.95, 0.05), ("p99_latency_ms", 0.99, 0.1))
SURE = 3.0  # deviations of a rank: sampling error
WIRE_MS = 5.0  # at most, there and back: columns count it, spans of who was called do not
FEWEST = 400  # calls of a minute from which on it is looked at
US = 1000  # units of a millisecond in the columns
INCIDENTS = {
    "circuit_breaker": "on: [stripe, paypal, square], failure: 0.98, traffic: 1.5",
    "payment_timeout": "on: [stripe], failing: 0.2, slower: 26",
    "upstream_degradation": "on: [payment-service], failure: 0.47, failing: 1, traffic: 1.5",
    "connection_pool_exhaustion": "on: [legacy-sqlserver-01], queued: 0.41, taken: true, failing: 1, traffic: 1.5",
}


@pytest.mark.parametrize("kind", INCIDENTS)
def test_percentiles_of_calls_between_services_hold_through_incidents(kind: str) -> None:
    """For all calls e of services, minutes t, p: q_p(S[e, t]) is within 5 % (p50, p95) or 10 % (p99) of N[e, t, p].

    Beyond sampling error: between the ranks np ± 3 √(np(1 − p)) of S there is a value as near as that to the column.
    """
    since = test_samples.window(0, 1)
    start = f"{np.datetime64(since.since_s + 4 * MINUTE_S, 's')}Z"
    placed = f"[{{starts: '{start}', incident: {{kind: {kind}, {INCIDENTS[kind]}, minutes: [8, 8], onset: [1, 1]}}}}]"
    settings = (
        "estate.load=0.4",
        *test_samples.SHOP[1:],
        "estate.incidents.a_day=0",
        f"estate.incidents.placed={placed}",
    )
    made = Generator(estates.scenario("commerce", *settings))
    window = test_samples.window(0, 18)
    edges = estates.rows(made, "network_metrics", window)
    columns = {
        (time, source, target): place
        for place, (time, source, target) in enumerate(
            zip(*(edges[name].tolist() for name in ("time", "source_service", "target_service")), strict=True)
        )
    }
    seen = judged = 0
    for call, durations in calls(estates.rows(made, "spans", window)).items():
        count = len(durations)
        if count < FEWEST or call not in columns:
            continue
        seen += edges["error_count"][columns[call]] > count / 10
        for name, p, within in PERCENTILES:
            middle, sure = count * p, SURE * (count * p * (1 - p)) ** 0.5
            low, high = durations[int(middle - sure) - 1], durations[min(int(middle + sure) + 1, count - 1)]
            ms = edges[name][columns[call]] / US
            assert low / (1 + within) - 1 <= ms <= (high + WIRE_MS) / (1 - within), (*call, name, count)
            judged += 1
    assert judged > 250
    assert seen >= 5  # minutes of calls of which one in ten failed


def calls(spans: estates.Cells) -> dict[tuple[int, str, str], np.ndarray]:
    """Durations in ms of all calls between two services whose traces entered in a minute, in order."""
    service = dict(zip(spans["span_id"].tolist(), spans["service.name"].tolist(), strict=True))
    found = defaultdict(list)
    columns = (spans[name].tolist() for name in ("kind", "trace_id", "parent_span_id", "service.name", "duration_ms"))
    for kind, trace, parent, target, duration in zip(*columns, strict=True):
        if kind == "SERVER" and parent in service:
            minute = int(trace[:8], 16) // MINUTE_S * MINUTE_S
            found[minute, service[parent], target].append(duration / US)
    return {call: np.sort(np.array(values)) for call, values in found.items()}
