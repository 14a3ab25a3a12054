"""How far each application meets the controls of its frameworks, day by day (EST-29).

A control watches something that happened that day: logins that failed, requests that failed. What it asks of paper and
people is a share of its own that moves from quarter to quarter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core import draw, rows
from ghostfleet.core.batch import Batch, Plain
from ghostfleet.core.table import Kind, Table, column
from ghostfleet.core.window import DAY_S
from ghostfleet.signals import StateObserver
from ghostfleet.world import estate as worlds
from ghostfleet.world import flow as flows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ghostfleet.core.arrays import F64
    from ghostfleet.core.batch import Values
    from ghostfleet.core.window import Window
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State

NEEDS: tuple[str, ...] = ("estate",)
FRAMEWORKS = ("GDPR", "ISO27001", "PCI_DSS", "SOX")
TABLE = Table(
    "compliance_metrics",
    "how far each application meets the controls of its frameworks, day by day",
    (
        column("time", Kind.TIME, "start of the day, UTC"),
        column("framework", Kind.TEXT, "framework", values=FRAMEWORKS),
        column("control_id", Kind.TEXT, "control of the framework"),
        column("resource_id", Kind.TEXT, "id of the application in the graph"),
        column("resource_type", Kind.TEXT, "label of it in the graph", values=("Application",)),
        column("service_name", Kind.TEXT, "service of it that met the control least", nullable=True),
        column("region", Kind.TEXT, "region that most of it runs in"),
        column("status", Kind.TEXT, "verdict", values=("compliant", "non_compliant", "not_applicable")),
        column("compliance_score", Kind.F64, "how far it is met", unit="%", low=0, high=100, resolution=0.01),
        column("last_assessment", Kind.TIME, "when somebody last looked, UTC"),
        column("assessor", Kind.TEXT, "who looked", values=("automated", "external-auditor", "internal-audit")),
        column("evidence_collected", Kind.BOOL, "whether there is proof"),
        column("remediation_required", Kind.BOOL, "whether something must be done"),
        column("risk_level", Kind.TEXT, "risk of leaving it so", values=("critical", "high", "low", "medium")),
        column("business_impact", Kind.TEXT, "impact of leaving it so", values=("high", "low", "medium")),
        column("remediation_effort_hours", Kind.F64, "work that it would take", unit="h", low=0, resolution=0.1),
    ),
    keys=("time", "framework", "control_id", "resource_id"),
    order=("time", "resource_id", "framework", "control_id"),
)  # fmt: skip
# What controls watch; numbers are those of the frameworks' own chapters.
CONTROLS: dict[str, dict[str, str]] = {
    "SOX": {"SOX-302": "paper", "SOX-404-access": "logins", "SOX-404-operations": "failures"},
    "GDPR": {"GDPR-5": "paper", "GDPR-32": "logins", "GDPR-32-availability": "failures"},
    "PCI_DSS": {"PCI-6": "paper", "PCI-8": "logins", "PCI-10": "failures"},
    "ISO27001": {"A.5": "paper", "A.8.5": "logins", "A.8.14": "failures"},
}
COMPLIANT = 95.0
FAILURE_POINTS = 220.0  # lost per share of requests that fail beyond one in a hundred
LOGIN_POINTS = 0.15  # lost per failed login of an attack, thirty at most
GAP_POINTS = (1.2, 0.9)  # median and log-deviation of what paper and people lack
QUARTER_S = 91 * DAY_S
ASSESSED_DAYS = {"automated": 1, "internal-audit": 30, "external-auditor": 182}
LEVELS = ((80.0, "critical", "high"), (90.0, "high", "high"), (COMPLIANT, "medium", "medium"), (100.1, "low", "low"))


class Control(msgspec.Struct, frozen=True):
    """One control of one framework for one application."""

    framework: str
    id: str
    watches: str
    application: str
    resource: str
    region: str
    services: tuple[str, ...]


def observer(scenario: Scenario) -> StateObserver:
    """Make the signal ready for a scenario."""
    return ComplianceMetrics(scenario).ready()


class ComplianceMetrics:
    """The signal of one scenario; controls by application, framework and id."""

    def __init__(self, scenario: Scenario) -> None:
        """Look up what does not change."""
        world, self._flow = worlds.build(scenario), flows.build(scenario)
        found = world["Application"]
        controls = []
        for row, key in enumerate(found.keys):
            spec = world.estate.applications[key]
            services = tuple(name for name in spec.uses if name in self._flow.places)
            regions = [self._flow.nodes.regions[self._flow.places[name]] for name in services]
            region = max(sorted(set(regions)), key=regions.count) if regions else "global"
            for framework in FRAMEWORKS:
                if framework in spec.compliance or framework == "ISO27001":
                    controls += [
                        Control(framework, name, watches, key, found.ids[row], region, services)
                        for name, watches in CONTROLS[framework].items()
                    ]
        self._controls = sorted(controls, key=lambda one: (one.resource, one.framework, one.id))
        ids = draw.entity_ids(f"{one.application} {one.framework} {one.id}" for one in self._controls)
        self._gaps = self._flow.stream("compliance gap").keys(ids)
        u = draw.uniform(self._flow.stream("compliance").keys(ids), 0, 3)
        assessors = list(ASSESSED_DAYS)
        self._assessors = [assessors[min(int(x * 4), 3) % 3] for x in u[:, 0].tolist()]
        self._offsets = u[:, 1]
        self._evident = u[:, 2] < 0.93  # noqa: PLR2004  proof is missing now and then

    def ready(self) -> StateObserver:
        """The observer."""
        count = len(self._controls)
        return StateObserver(TABLE, count, self.observe, lambda window: count * len(window), DAY_S)

    def observe(self, state: State, window: Window) -> Iterator[Batch]:
        """Rows of a window of days."""
        if not self._controls:
            return
        scores, worst = self._scores(state, window)
        controls, count = self._controls, len(window)
        flat = np.ascontiguousarray(scores.T).ravel()
        level = np.searchsorted(np.array([bound for bound, _, _ in LEVELS]), flat, side="right")
        fine = flat >= COMPLIANT
        days = window.seconds()
        every = np.array([ASSESSED_DAYS[name] * DAY_S for name in self._assessors])
        phase = (self._offsets * every).astype(np.int64) // DAY_S * DAY_S
        assessed = days[:, None] - (days[:, None] + phase[None, :]) % every[None, :]
        columns: dict[str, Values] = {
            "time": rows.times(window, len(controls)),
            "framework": rows.words([one.framework for one in controls], window),
            "control_id": rows.words([one.id for one in controls], window),
            "resource_id": rows.words([one.resource for one in controls], window),
            "resource_type": rows.words(["Application"] * len(controls), window),
            "service_name": rows.texts([name for day in worst for name in day]),
            "region": rows.words([one.region for one in controls], window),
            "status": rows.texts(["compliant" if one else "non_compliant" for one in fine.tolist()]),
            "compliance_score": rows.decimals(scores, TABLE["compliance_score"]),
            "last_assessment": Plain(assessed.ravel()),
            "assessor": rows.words(self._assessors, window),
            "evidence_collected": Plain(np.tile(self._evident, count)),
            "remediation_required": Plain(~fine),
            "risk_level": rows.texts([LEVELS[place][1] for place in level.tolist()]),
            "business_impact": rows.texts([LEVELS[place][2] for place in level.tolist()]),
            "remediation_effort_hours": rows.decimals(
                np.where(scores < COMPLIANT, (COMPLIANT - scores) * 1.5 + 2, 0.0), TABLE["remediation_effort_hours"]
            ),
        }
        yield Batch(TABLE, columns)

    def _scores(self, state: State, window: Window) -> tuple[F64, list[list[str | None]]]:
        """Scores, shape (controls, days), and day by day the service that lost the most points of each control."""
        from ghostfleet.state.estate.noise import log_normal

        per_day = DAY_S // state.window.tick_s
        quarters = window.seconds() // QUARTER_S
        u = draw.uniform(self._gaps, int(quarters[0]), int(quarters[-1]) + 1)
        gaps = log_normal(u.ravel(), *GAP_POINTS).reshape(u.shape)[:, quarters - quarters[0]]
        lost = self._lost(state, per_day)
        scores = np.empty((len(self._controls), len(window)))
        worst: list[list[str | None]] = [[] for _ in range(len(window))]
        for row, one in enumerate(self._controls):
            points = {name: lost[one.watches][name] for name in one.services if one.watches != "paper"}
            for day in range(len(window)):
                most = max(points, key=lambda name: (float(points[name][day]), name), default=None)
                worst[day].append(most)
                taken = float(points[most][day]) if most is not None else 0.0
                scores[row, day] = max(100 - float(gaps[row, day]) - taken, 0.0)
        return scores, worst

    def _lost(self, state: State, per_day: int) -> dict[str, dict[str, F64]]:
        """Points that each service loses each day, by what controls watch."""
        outcomes = state.outcomes
        failures: dict[str, F64] = {}
        logins: dict[str, F64] = {}
        for name in sorted({name for one in self._controls for name in one.services}):
            place = self._flow.places[name]
            requests = np.add.reduce(outcomes.requests[place].reshape(-1, per_day), axis=1)
            failed = np.add.reduce((outcomes.failed[place] + outcomes.late[place]).reshape(-1, per_day), axis=1)
            share = failed / np.maximum(requests, 1)
            failures[name] = np.minimum(FAILURE_POINTS * np.maximum(share - 0.01, 0.0), 60.0)
            rate = state.influences.get("logins.failed", name)
            total = np.zeros(len(requests))
            if rate is not None:
                for tick in range(per_day):
                    total = total + rate.reshape(-1, per_day)[:, tick]
            logins[name] = np.minimum(LOGIN_POINTS * total, 30.0)
        return {"failures": failures, "logins": logins}
