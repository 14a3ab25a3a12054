"""What scanners, logins and auditors report, event by event (EST-29).

A row is what was known when it was written. A finding has a row when it is seen, one when somebody takes it and one
when it is resolved, if they do; its last row in a window tells how it stands. Of failed logins the tool closes those
that stay below its thresholds at once. What people wrote about incidents is a record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ghostfleet.core import draw, rows
from ghostfleet.core.batch import Batch, Plain, Quanta
from ghostfleet.core.table import Kind, Table, column
from ghostfleet.core.window import DAY_S, HOUR_S
from ghostfleet.signals import StateObserver
from ghostfleet.state.estate.events import Events, Rhythm, rushes
from ghostfleet.state.estate.noise import log_normal
from ghostfleet.world import flow as flows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ghostfleet.core.arrays import F64, I64
    from ghostfleet.core.batch import Values
    from ghostfleet.core.table import Column
    from ghostfleet.core.window import Window
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State


def _score(name: str, about: str, high: float) -> Column:
    return column(name, Kind.F64, about, low=0, high=high, resolution=0.1, nullable=True)


NEEDS: tuple[str, ...] = ("estate",)
SEVERITIES = ("critical", "high", "medium", "low")
LABELS = ("EC2Instance", "EKSCluster", "ExternalService", "RDSInstance", "Service", "WebService")
TYPES = ("compliance", "failed_login", "incident", "privilege_escalation", "vulnerability")
TABLE = Table(
    "security_events",
    "findings of scanners, failed logins, escalations of privilege, findings of auditors",
    (
        column("time", Kind.TIME, "when it was seen, taken or resolved, UTC"),
        column("event_id", Kind.TEXT, "id of the event; its last row tells how it stands"),
        column("event_type", Kind.TEXT, "what kind of event", values=TYPES),
        column("severity", Kind.TEXT, "how bad it is", values=SEVERITIES),
        column("resource_id", Kind.TEXT, "name of what it concerns"),
        column("resource_type", Kind.TEXT, "label of it in the graph", values=LABELS),
        column("service_name", Kind.TEXT, "service, where it concerns one", nullable=True),
        column("cluster_name", Kind.TEXT, "cluster, where it concerns a service", nullable=True),
        column("region", Kind.TEXT, "region"),
        column("description", Kind.TEXT, "one line"),
        column("source", Kind.TEXT, "who reported it", values=("automated", "manual", "scanner")),
        column("status", Kind.TEXT, "how it stood then", values=("in_progress", "open", "resolved")),
        _score("cvss_score", "CVSS; null of what is no vulnerability", 10),
        _score("exploitability_score", "exploitability; null of what is no vulnerability", 10),
        _score("business_impact_score", "impact on the business", 10),
        column("assigned_to", Kind.TEXT, "team; null where nobody has taken it yet", nullable=True),
        column("resolved_at", Kind.TIME, "when it was resolved; null where it was not yet", nullable=True),
        column(
            "resolution_time_hours", Kind.F64, "until then", unit="h", low=0, resolution=0.01, nullable=True
        ),
    ),
    keys=("time", "event_id"),
    order=("time", "event_type", "event_id"),
)  # fmt: skip
A_DAY = {"vulnerability": 0.25, "compliance": 0.04, "failed_login": 6.0, "privilege_escalation": 0.01}  # of an entity
MIX = {  # shares of the severities, worst first
    "vulnerability": (0.04, 0.16, 0.42, 0.38),
    "compliance": (0.02, 0.18, 0.5, 0.3),
    "failed_login": (0.0, 0.02, 0.18, 0.8),
    "privilege_escalation": (0.1, 0.5, 0.3, 0.1),
}
SOURCES = {"vulnerability": "scanner", "compliance": "manual"}
PACKAGES = (
    "openssl",
    "libxml2",
    "log4j-core",
    "requests",
    "jackson-databind",
    "lodash",
    "glibc",
    "curl",
    "netty",
    "zlib",
)
FINDINGS = (
    "access review is overdue",
    "encryption at rest is not proven for a volume",
    "logs are kept for less than the policy asks",
    "a shared account was used",
    "backup was not restored on trial this quarter",
)
CVSS = {"critical": (9.0, 10.0), "high": (7.0, 8.9), "medium": (4.0, 6.9), "low": (0.5, 3.9)}
IMPACT = {"critical": 8.5, "high": 6.5, "medium": 4.0, "low": 1.5}
HOURS = {"critical": 18.0, "high": 60.0, "medium": 240.0, "low": 600.0}  # medians until resolution
MOST_DAYS = 270  # until resolution: how far back a window looks for what is resolved in it
RESOLVED, TAKEN = 0.82, 0.6  # share that is resolved, and of the others that somebody works on
TAKEN_BY = 0.5  # of the time until resolution, at most
FINDINGS_OF = ("vulnerability", "compliance")  # events that people work on


def observer(scenario: Scenario) -> StateObserver:
    """Make the signal ready for a scenario."""
    return SecurityEvents(scenario).ready()


class SecurityEvents:
    """The signal of one scenario; entities are services, then databases, each in the order of their names."""

    def __init__(self, scenario: Scenario) -> None:
        """Look up what does not change."""
        flow = flows.build(scenario)
        estate = flow.estate
        self._flow, self._estate = flow, estate
        self._services = sorted(estate.services)
        self._names = [*self._services, *sorted(estate.databases)]
        self._ids = draw.entity_ids(self._names)
        found, logins = len(self._names), np.array([float(_has_logins(name)) for name in self._names])
        per_day = {
            "vulnerability": np.full(found, A_DAY["vulnerability"]),
            "compliance": np.full(found, A_DAY["compliance"]),
            "failed_login": A_DAY["failed_login"] * logins,
            "privilege_escalation": A_DAY["privilege_escalation"] * logins,
        }
        self._rhythms = {kind: Rhythm(flow, kind, self._ids, rates) for kind, rates in per_day.items()}
        rows_of = dict.fromkeys(FINDINGS_OF, 1 + 2 * RESOLVED + (1 - RESOLVED) * TAKEN)
        self._a_day = sum(sum(rates.tolist()) * rows_of.get(kind, 1.0) for kind, rates in per_day.items())

    def ready(self) -> StateObserver:
        """The observer."""
        return StateObserver(
            TABLE,
            len(self._names),
            self.observe,
            lambda window: round(self._a_day * len(window) * window.tick_s / DAY_S),
        )

    def observe(self, state: State, window: Window) -> Iterator[Batch]:
        """Rows of a window."""
        parts = []
        for kind, rhythm in self._rhythms.items():
            longest_s = MOST_DAYS * DAY_S if kind in FINDINGS_OF else 0
            parts.append((kind, rhythm.between(window.since_s - longest_s, window.until_s)))
        parts += [("failed_login", self._rush("logins.failed", 1.0, state))]
        parts += [("privilege_escalation", self._rush("logins.escalated", 1 / 60, state))]
        found = [row for kind, events in parts for row in self._written(kind, events, window)]
        found.sort(key=lambda row: (row["time"], row["event_type"], row["event_id"]))
        if found:
            yield batch(found, TABLE)

    def findings(self, since_s: int, until_s: int) -> list[int]:
        """Weaknesses that were found in a stretch of time, by severity, worst first."""
        severity = _severities("vulnerability", self._rhythms["vulnerability"].between(since_s, until_s))
        return [int(np.count_nonzero(severity == place)) for place in range(len(SEVERITIES))]

    def _rush(self, parameter: str, per_minute: float, state: State) -> Events:
        """Events of logins while somebody attacks them."""
        rates: dict[int, F64] = {}
        for row, name in enumerate(self._names):
            array = state.influences.arrays.get((parameter, name))
            if array is not None:
                rates[row] = array * per_minute
        return rushes(self._flow, parameter, self._ids, rates, state.window)

    def _written(self, kind: str, events: Events, window: Window) -> Iterator[dict[str, Any]]:
        """Rows that were written of events in a window."""
        hours = np.minimum(self._hours(_severities(kind, events), events.draws(4)), MOST_DAYS * DAY_S / HOUR_S)
        taken = events.seconds + 1 + (events.draws(6) * TAKEN_BY * hours * HOUR_S).astype(np.int64)
        resolved = np.maximum(events.seconds + (hours * HOUR_S).astype(np.int64), taken + 1)
        times = np.stack([events.seconds, taken, resolved][: 3 if kind in FINDINGS_OF else 1])
        some = np.flatnonzero(((times >= window.since_s) & (times < window.until_s)).any(axis=0))
        events, taken, resolved = events.some(some), taken[some], resolved[some]
        for place, row in enumerate(self._seen(kind, events)):
            for one in _updates(row, int(taken[place]), int(resolved[place])):
                if window.since_s <= one["time"] < window.until_s:
                    yield one

    def _seen(self, kind: str, events: Events) -> Iterator[dict[str, Any]]:
        """Rows of events when they are seen, and what becomes of them."""
        severity, is_weak = _severities(kind, events), kind == "vulnerability"
        which, luck, score = (events.draws(number).tolist() for number in (2, 3, 5))
        for place, (row, second, name) in enumerate(
            zip(events.entities.tolist(), events.seconds.tolist(), events.ids("sec"), strict=True)
        ):
            entity, word = self._names[row], SEVERITIES[int(severity[place])]
            service = self._estate.services.get(entity)
            low, high = CVSS[word]
            yield {
                "time": second,
                "event_id": name,
                "event_type": kind,
                "severity": word,
                "resource_id": entity,
                "resource_type": "RDSInstance" if service is None else "Service",
                "service_name": None if service is None else entity,
                "cluster_name": None if service is None else service.cluster,
                "region": self._flow.nodes.regions[self._flow.places[entity]],
                "description": _said(kind, entity, which[place]),
                "source": SOURCES.get(kind, "automated"),
                "status": "open",
                "cvss_score": low + (high - low) * score[place] if is_weak else None,
                "exploitability_score": 10 * score[place] * score[place] if is_weak else None,
                "business_impact_score": IMPACT[word] + score[place],
                "assigned_to": None,
                "resolved_at": None,
                "resolution_time_hours": None,
                "team": service.team if service else "database-operations",
                "luck": luck[place],
            }

    @staticmethod
    def _hours(severity: I64, u: F64) -> F64:
        return np.array([HOURS[word] for word in SEVERITIES])[severity] * log_normal(u, 1.0, 0.7)


def _updates(seen: dict[str, Any], taken_s: int, resolved_s: int) -> Iterator[dict[str, Any]]:
    """Rows of an event: as it was seen, as somebody took it, as it was resolved."""
    is_resolved, is_taken = seen["luck"] < RESOLVED, seen["luck"] < RESOLVED + (1 - RESOLVED) * TAKEN
    over = {"status": "resolved", "resolved_at": resolved_s}
    if seen["event_type"] == "failed_login" and is_resolved:
        yield seen | over | {"resolved_at": seen["time"], "resolution_time_hours": 0.0}
        return
    yield seen
    if seen["event_type"] not in FINDINGS_OF or not is_taken:
        return
    taken = {"time": taken_s, "assigned_to": seen["team"]}
    yield seen | taken | {"status": "in_progress"}
    if is_resolved:
        hours = (resolved_s - seen["time"]) / HOUR_S
        yield seen | taken | over | {"time": resolved_s, "resolution_time_hours": hours}


def _severities(kind: str, events: Events) -> I64:
    """Severity of each event, as a place in `SEVERITIES`."""
    return np.searchsorted(np.add.accumulate(np.array(MIX[kind]))[:-1], events.draws(1), side="right")


def _has_logins(name: str) -> bool:
    return any(word in name for word in ("auth", "session", "portal", "login", "user"))


def _said(kind: str, entity: str, u: float) -> str:
    if kind == "vulnerability":
        return f"{PACKAGES[int(u * len(PACKAGES))]} in {entity} has a known weakness"
    if kind == "compliance":
        return f"{entity}: {FINDINGS[int(u * len(FINDINGS))]}"
    if kind == "failed_login":
        host = int(u * 131_072)  # addresses that nobody owns: 198.18.0.0/15
        return f"failed login at {entity} from 198.{18 + host // 65_536}.{host // 256 % 256}.{host % 256}"
    return f"an account of {entity} was given rights that it did not have"


def batch(found: Sequence[Mapping[str, object]], table: Table) -> Batch:
    """Batch of a table from rows, in the order of the table's columns; None is a missing value."""
    columns: dict[str, Values] = {}
    for one in table.columns:
        values = [row[one.name] for row in found]
        if one.kind is Kind.TEXT:
            columns[one.name] = rows.texts([None if value is None else str(value) for value in values])
            continue
        missing = np.array([value is None for value in values])
        numbers = np.array([0.0 if value is None else float(str(value)) for value in values])
        gone = missing if missing.any() else None
        if one.kind is Kind.TIME:
            columns[one.name] = Plain(np.rint(numbers).astype(np.int64), gone)
        else:
            per_one = 10**one.decimals
            columns[one.name] = Quanta(np.rint(numbers * per_one).astype(np.int64), per_one, gone)
    return Batch(table, columns)
