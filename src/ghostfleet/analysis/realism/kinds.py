"""Which metrics of two sides are the same thing: told by the words of their names, or by the user."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ghostfleet.core.errors import ScenarioError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KINDS = (
    *("cpu", "memory", "disk_read", "disk_write", "disk", "net_in", "net_out", "network"),
    *("requests", "latency", "errors"),
)
# The first rule that fits decides: `request_latency` is a latency, `net_errors` are errors.
WORDS: tuple[tuple[str, str], ...] = (
    ("errors", r"err(or)?s?|fail\w*|fault\w*|5xx|drop(s|ped)?|crash\w*|unavailab\w*|timeouts?"),
    ("latency", r"lat(ency)?|duration|response|rtt|delay"),
    ("cpu", r"cpus?|vcpu|processor|load(1|5|15)?"),
    ("memory", r"mem(ory)?|ram|heap"),
    ("disk", r"disks?|iops|io|storage|volume"),
    ("network", r"net(work)?|nic|bandwidth|eth\d*|traffic|rx|tx|ingress|egress"),
    ("requests", r"req(uest)?s?|rps|qps|throughput|hits|calls|queries"),
    ("latency", r"p50|p90|p95|p99"),
)
DIRECTIONS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "disk": (("disk_read", r"reads?|rd|read\w*"), ("disk_write", r"writes?|wr|writ\w*")),
    "network": (
        ("net_in", r"in|rx|recv|receiv\w*|ingress|inbound|incoming"),
        ("net_out", r"out|tx|sent|send|transmit\w*|egress|outbound|outgoing"),
    ),
}
_RUN_TOGETHER = re.compile(r"\b(cpu|mem|disk|network|net)(?=[a-z])(?!ory|s\b|work)")
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def kind_of(metric: str) -> str | None:
    """Kind that a metric's name says, or None: ``node_disk_read_bytes`` → ``disk_read``."""
    text = re.sub(r"[^a-z0-9]+", " ", _HUMPS.sub(" ", metric).lower())
    words = _RUN_TOGETHER.sub(r"\1 ", text).split()
    kind = next((kind for kind, rule in WORDS if any(re.fullmatch(rule, word) for word in words)), None)
    ways = DIRECTIONS.get(kind or "", ())
    return next((way for way, rule in ways if any(re.fullmatch(rule, word) for word in words)), kind)


def pairs(
    data: Sequence[str], real: Sequence[str], given: Mapping[str, str]
) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Metrics of both sides under one label; of several names for one kind the earlier go first.

    ``given`` says for a metric of the data which one of the real side it is. `ScenarioError` when there is none.
    """
    for side, known, asked in (("DATA", data, given), ("REAL", real, given.values())):
        if missing := [name for name in asked if name not in known]:
            msg = f"--map names {missing[0]}, which {side} does not have; it has {', '.join(known)}"
            raise ScenarioError(msg)
    found: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
        kind_of(other) or other: ((name,), (other,)) for name, other in given.items()
    }
    left = [name for name in data if name not in given]
    right = [name for name in real if name not in given.values()]
    for label in (*KINDS, *(name for name in left if kind_of(name) is None)):
        one = tuple(name for name in left if (kind_of(name) or name) == label)
        other = tuple(name for name in right if (kind_of(name) or name) == label)
        if label not in found and one and other:
            found[label] = one, other
    return found
