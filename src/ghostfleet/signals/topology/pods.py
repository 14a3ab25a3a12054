"""Which pods run, and when each was started: by an autoscaler, by a deploy, or on a machine that is there again.

Starts are looked for in the last day; whoever has run for longer dates from the last deploy that replaced it. Lasting
ones are known without a look back, and versions that are taken back for four weeks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.batch import Plain
from ghostfleet.core.window import DAY_S, MINUTE_S, Window
from ghostfleet.world.estate import texts
from ghostfleet.world.estate.services import POD_STATUS

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F64, I64, Bool
    from ghostfleet.core.batch import Values
    from ghostfleet.signals.changes import Changes
    from ghostfleet.state.estate import Estates
    from ghostfleet.state.estate.nodes import ClusterNodes
    from ghostfleet.world.estate import Entities
    from ghostfleet.world.occasions import Occasion

LOOK_BACK_S = DAY_S  # the rhythm of demand, by which pods come and go
DEPLOYED_S = 28 * DAY_S  # in which hardly a service is not deployed anyway


class Pods:
    """Looks at the pods of an estate."""

    def __init__(self, estates: Estates, machines: ClusterNodes, changes: Changes) -> None:
        """Take what knows of demand, of lost machines and of deploys."""
        self._estates, self._machines, self._changes = estates, machines, changes

    def look(self, pods: Entities, second: int) -> dict[str, Values]:
        """As many of each service as run, those on lost machines last."""
        window = Window.between(second - LOOK_BACK_S - MINUTE_S, second, MINUTE_S)
        influences = self._estates.influences(window)
        running, replaced = self._estates.running(window), self._changes.replaced(influences)
        weeks = Window.between(second - DEPLOYED_S, second, MINUTE_S)
        deployed = self._changes.deployed(self._estates.influences(weeks, _is_deploy))
        hosts = pods.words("node_name")
        names = tuple(dict.fromkeys(hosts))
        is_up = dict(zip(names, self._machines.running(influences, names), strict=True))
        created = pods.numbers("created_at").astype(np.int64)
        runs_now = np.zeros(len(pods), dtype=np.bool_)
        for service, rows in _by_service(pods).items():
            up = np.array([is_up[hosts[row]] for row in rows])
            runs = _runs(up, running[self._estates.flow.places[service]])
            started = _started(runs, replaced[service], window.seconds())
            runs_now[rows] = runs[:, -1]
            before = np.maximum(created[rows], np.where(runs[:, -1], deployed[service], 0))
            created[rows] = np.where(started > 0, started, before)
        status = texts([POD_STATUS[0] if one else POD_STATUS[1] for one in runs_now.tolist()])
        return {"status": status, "created_at": Plain(created)}


def _is_deploy(occasion: Occasion) -> bool:
    return any(effect.parameter == "service.deployed" for effect in occasion.kind.effects())


def _by_service(pods: Entities) -> dict[str, list[int]]:
    """Rows of each service's pods, in the order of their slots."""
    services, slots = pods.words("service_name"), pods.numbers("slot").tolist()
    found: dict[str, list[int]] = {}
    for row in sorted(range(len(pods)), key=slots.__getitem__):
        found.setdefault(services[row], []).append(row)
    return found


def _runs(up: Bool, running: F64) -> Bool:
    """Whether pods of a service run, shape (pods, ticks), of which ``up`` says that their machines do."""
    first = np.add.accumulate(up, axis=0, dtype=np.int64)
    last = first[-1] + np.add.accumulate(~up, axis=0, dtype=np.int64)
    return np.where(up, first, last) <= running


def _started(runs: Bool, replaced: Bool, seconds: I64) -> I64:
    """Second at which each pod was last started in a stretch of time, shape (pods,); 0 where it was not."""
    starts = runs[:, 1:] & (~runs[:, :-1] | replaced[1:])
    last: I64 = np.maximum.reduce(np.where(starts, seconds[1:], 0), axis=1)
    return last
