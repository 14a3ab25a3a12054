"""When everything came to be: before the scenario starts, and never before what holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.core.window import DAY_S
from ghostfleet.world.estate.entities import columned
from ghostfleet.world.estate.properties import CREATED

if TYPE_CHECKING:
    from ghostfleet.core.arrays import I64
    from ghostfleet.world.estate.entities import Entities
    from ghostfleet.world.estate.ground import Ground

YOUNGEST_S, OLDEST_S = 30 * DAY_S, 1_500 * DAY_S  # before the scenario starts
# Properties that name what holds an entity: the label of that, and its property of the same value, or else its key.
HOLDERS = {
    "vpc_id": ("VPC", "vpc_id"),
    "subnet_id": ("Subnet", "subnet_id"),
    "subnet_ids": ("Subnet", "subnet_id"),
    "subnets": ("Subnet", "subnet_id"),
    "security_groups": ("SecurityGroup", "group_id"),
    "cluster_name": ("EKSCluster", ""),
    "node_name": ("Node", ""),
    "service_name": ("Service", ""),
}
SOON = {"Subnet": DAY_S, "SecurityGroup": DAY_S}  # made with what holds them, so long after it at most
DEPLOYED_S = 2 * DAY_S, 16 * DAY_S  # before the start: a service's last deploy before those that changes tell of


def settle(ground: Ground) -> None:
    """Date the entities of all labels."""
    dates = _Dates(ground)
    for label, entities in ground.labels.items():
        columns = {**entities.columns, CREATED.name: columned(CREATED, dates.of(label).tolist())}
        ground.labels[label] = msgspec.structs.replace(entities, columns=columns)


class _Dates:
    """Dates by label, those of holders first."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._known: dict[str, I64] = {}

    def of(self, label: str) -> I64:
        """Seconds at which entities came to be, shape (entities,)."""
        if label not in self._known:
            self._known[label] = self._drawn(self._ground.labels[label])
        return self._known[label]

    def _drawn(self, entities: Entities) -> I64:
        label, since_s = entities.label, self._ground.since_s
        oldest = np.minimum(since_s - self._held(entities), OLDEST_S)
        youngest = np.minimum(YOUNGEST_S, oldest)
        keys = entities.keys
        if label.name in SOON:
            youngest = oldest - np.minimum(SOON[label.name], oldest - youngest)
        elif label.name == "Pod":
            keys = tuple(entities.words("service_name"))
            youngest, oldest = (np.minimum(age, oldest) for age in DEPLOYED_S)
        created: I64 = since_s - self._ground.draws(label, keys).whole(CREATED.name, youngest, oldest)
        return created

    def _held(self, entities: Entities) -> I64:
        """Dates of the youngest that hold entities; long ago where nothing does."""
        held = np.full(len(entities), self._ground.since_s - OLDEST_S, dtype=np.int64)
        for name in entities.columns.keys() & HOLDERS.keys():
            label, own = HOLDERS[name]
            if label == entities.label.name:
                continue
            holders = self._ground.labels[label]
            known = dict(zip(holders.words(own) if own else holders.keys, self.of(label).tolist(), strict=True))
            for row, items in enumerate(entities.items(name)):
                held[row] = max([int(held[row]), *(known[item] for item in items if item in known)])
        return held
