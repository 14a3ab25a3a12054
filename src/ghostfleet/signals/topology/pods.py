"""Which pods run, and when each was made: for an autoscaler, by a deploy, or on a machine that is there again.

One that an autoscaler asked for dates from then, however long it waits until it runs, and one that takes the place of
another from when that one's machine was given up. Starts are looked for in the last
day; whoever has run for longer dates from the last deploy that replaced it. Lasting ones are known without a look back,
and versions that are taken back for four weeks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.batch import Plain
from ghostfleet.core.window import DAY_S, MINUTE_S, Window
from ghostfleet.state.estate.rates import START
from ghostfleet.state.estate.stranded import PATIENCE, homeless, missed
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
        """As many of each service as run, those on lost machines last, and where: the last one may be in a refuge."""
        window = Window.between(second - LOOK_BACK_S - MINUTE_S, second, MINUTE_S)
        influences = self._estates.influences(window)
        (due, running), replaced = self._estates.pods(window), self._changes.replaced(influences)
        weeks = Window.between(second - DEPLOYED_S, second, MINUTE_S)
        deployed = self._changes.deployed(self._estates.influences(weeks, _is_deploy))
        hosts, clusters = pods.words("node_name"), pods.words("cluster_name")
        names = tuple(dict.fromkeys(hosts))
        is_up = dict(zip(names, self._machines.running(influences, names), strict=True))
        created = pods.numbers("created_at").astype(np.int64)
        runs_now = np.zeros(len(pods), dtype=np.bool_)
        for service, rows in _by_service(pods).items():
            up = np.array([is_up[hosts[row]] for row in rows])
            given_up = _turns(~missed(up, PATIENCE))  # a pod elsewhere is made then, and no sooner
            fled = homeless(up)
            up[0] |= fled
            if fled[-1]:
                hosts[rows[0]] = self._machines.refuges[clusters[rows[0]]]
            place, turn = self._estates.flow.places[service], _turns(up)
            runs = turn[:, -1] <= running[place, -1]
            started = np.where(runs, _started(given_up, due[place], replaced[service], window.seconds()), 0)
            started[0] = max(started[0], _last(fled, window.seconds()))
            runs_now[rows] = runs
            before = np.maximum(created[rows], np.where(runs, deployed[service], 0))
            created[rows] = np.where(started > 0, started, before)
        status = texts([POD_STATUS[0] if one else POD_STATUS[1] for one in runs_now.tolist()])
        return {"status": status, "node_name": texts(hosts), "created_at": Plain(created)}


def _is_deploy(occasion: Occasion) -> bool:
    return any(effect.parameter == "service.deployed" for effect in occasion.kind.effects())


def _by_service(pods: Entities) -> dict[str, list[int]]:
    """Rows of each service's pods, in the order of their slots."""
    services, slots = pods.words("service_name"), pods.numbers("slot").tolist()
    found: dict[str, list[int]] = {}
    for row in sorted(range(len(pods)), key=slots.__getitem__):
        found.setdefault(services[row], []).append(row)
    return found


def _turns(up: Bool) -> I64:
    """How many pods of a service run before each would, shape (pods, ticks), itself included: lost ones come last."""
    first = np.add.accumulate(up, axis=0, dtype=np.int64)
    last = first[-1] + np.add.accumulate(~up, axis=0, dtype=np.int64)
    return np.where(up, first, last)


def _last(states: Bool, seconds: I64) -> int:
    """Second of the last change of a state; 0 where there was none."""
    turns = seconds[1:][states[1:] != states[:-1]]
    return int(turns[-1]) if len(turns) else 0


def _started(turns: I64, due: F64, replaced: Bool, seconds: I64) -> I64:
    """Second from which each pod dates in a stretch of time, shape (pods,); 0 where it was there before.

    ``due`` says how many were asked for so long ago that they have started, unless something keeps them from it.
    """
    there = turns <= due
    comes = there[:, 1:] & ~there[:, :-1]
    asked = turns[:, 1:] > due[:-1]  # else it comes in place of one that is lost
    dates = np.where(asked, seconds[1:] - START * MINUTE_S, seconds[1:])
    dates = np.where(comes, dates, 0)
    dates = np.maximum(dates, np.where(there[:, 1:] & replaced[1:], seconds[1:], 0))
    last: I64 = np.maximum.reduce(dates, axis=1)
    return last
