"""What each resource costs, hour by hour, and how much of it nobody needs (EST-25, EST-29)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core import draw, rows
from ghostfleet.core.batch import Batch
from ghostfleet.core.table import Kind, Table, column
from ghostfleet.core.window import HOUR_S
from ghostfleet.signals import StateObserver
from ghostfleet.state.estate.bills import PRICED, UNITS, Accounts, Bills
from ghostfleet.world import estate as worlds
from ghostfleet.world import flow as flows
from ghostfleet.world.estate.prices import HOURS_PER_MONTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ghostfleet.core.batch import Text, Values
    from ghostfleet.core.table import Column
    from ghostfleet.core.window import Window
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State


def _usd(name: str, about: str) -> Column:
    return column(name, Kind.F64, about, unit="USD", low=0, resolution=0.0001)


NEEDS: tuple[str, ...] = ("estate",)
TABLE = Table(
    "cost_metrics",
    "what each resource costs, hour by hour",
    (
        column("time", Kind.TIME, "start of the hour, UTC"),
        column("resource_id", Kind.TEXT, "id of the resource in the graph"),
        column("resource_type", Kind.TEXT, "label of the resource in the graph", values=tuple(sorted(PRICED))),
        column("resource_name", Kind.TEXT, "name of the resource"),
        column("region", Kind.TEXT, "region; global of what others run"),
        column("environment", Kind.TEXT, "what it is for", values=("production", "staging", "development")),
        column("cost_center", Kind.TEXT, "who pays"),
        _usd("hourly_cost", "cost of the hour"),
        _usd("daily_cost", "cost of a day like this hour"),
        _usd("monthly_cost", "cost of a month, of 730.5 hours, like this hour"),
        column("usage_quantity", Kind.F64, "what was used", low=0, resolution=0.01),
        column("usage_unit", Kind.TEXT, "unit of it", values=tuple(sorted(set(UNITS.values())))),
        _usd("estimated_waste", "part of the daily cost that nobody needs"),
        _usd("optimization_potential", "part of that waste that could be had back"),
        column("rightsizing_recommendation", Kind.TEXT, "what would help; null below 20 % of waste", nullable=True),
    ),
    keys=("time", "resource_id"),
    order=("time", "resource_type", "resource_name"),
)
RECOMMENDED = 0.20
ADVICE = {
    "EKSCluster": ("implement_auto_scaling", "downsize_instance_type", "optimize_scheduling"),
    "RDSInstance": ("downsize_instance_type", "reduce_storage", "consolidate_resources"),
    "EC2Instance": ("review_licensing", "downsize_instance_type", "consolidate_resources"),
}
OTHER_ADVICE = ("optimize_scheduling", "consolidate_resources")


def observer(scenario: Scenario) -> StateObserver:
    """Make the signal ready for a scenario."""
    return CostMetrics(scenario).ready()


class CostMetrics:
    """The signal of one scenario; resources by label and name."""

    def __init__(self, scenario: Scenario) -> None:
        """Look up what does not change."""
        flow = flows.build(scenario)
        self._accounts = Accounts(worlds.build(scenario), flow)
        self._resources = self._accounts.resources
        ids = draw.entity_ids(one.id for one in self._resources)
        u = draw.uniform(flow.stream("advice").keys(ids), 0, 1)[:, 0]
        choices = [ADVICE.get(one.label, OTHER_ADVICE) for one in self._resources]
        self._advice = [words[int(x * len(words))] for words, x in zip(choices, u.tolist(), strict=True)]

    def ready(self) -> StateObserver:
        """The observer."""
        count = len(self._resources)
        return StateObserver(TABLE, count, self.observe, lambda window: count * len(window), HOUR_S)

    def observe(self, state: State, window: Window) -> Iterator[Batch]:
        """Rows of a window of hours."""
        bills, resources = self._accounts.bills(state), self._resources
        daily = bills.hourly_usd * 24
        wasted = daily * bills.waste
        money = {
            "hourly_cost": bills.hourly_usd,
            "daily_cost": daily,
            "monthly_cost": bills.hourly_usd * HOURS_PER_MONTH,
            "usage_quantity": bills.usage,
            "estimated_waste": wasted,
            "optimization_potential": wasted * bills.potential,
        }
        columns: dict[str, Values] = {
            "time": rows.times(window, len(resources)),
            "resource_id": rows.words([one.id for one in resources], window),
            "resource_type": rows.words([one.label for one in resources], window),
            "resource_name": rows.words([one.name for one in resources], window),
            "region": rows.words([one.region for one in resources], window),
            "environment": rows.words([one.environment for one in resources], window),
            "cost_center": rows.words([one.cost_center for one in resources], window),
            "usage_unit": rows.words([UNITS[one.label] for one in resources], window),
            "rightsizing_recommendation": self._recommended(bills, window),
        }
        columns |= {name: rows.decimals(values, TABLE[name]) for name, values in money.items()}
        yield Batch(TABLE, {name: columns[name] for name in TABLE.names})

    def _recommended(self, bills: Bills, window: Window) -> Text:
        """What would help each resource, in hours in which it wastes a lot."""
        words = rows.words(self._advice, window)
        high = np.ascontiguousarray(bills.waste.T).ravel() > RECOMMENDED
        return type(words)(np.where(high, words.codes, -1).astype(np.int32), words.vocabulary)
