"""What incidents change near a window: arrays of factors and of addends by parameter and entity.

Where nothing is going on a factor is exactly 1 and an addend exactly 0, and what no incident touches has no array at
all, so that whoever is out of reach keeps every bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.world.flow.draft import DATABASE, MACHINE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ghostfleet.core.arrays import F64, Bool
    from ghostfleet.core.window import Window
    from ghostfleet.incidents import Effect, Parameter
    from ghostfleet.world.flow import Flow
    from ghostfleet.world.occasions import Occasion

    Rows = Mapping[str, int | list[int]]  # of each entity

ADDED = frozenset(
    {
        "node.cpu",
        "node.delay_ms",
        "node.failure",
        "node.memory",
        "node.unstarted",
        "pool.leaked",
        "pool.taken",
        "pool.queued",
        "wire.delay_ms",
        "service.deployed",
        "cluster.lost",
        "bill.waste",
        "logins.failed",
        "logins.escalated",
    }
)
# Between which all incidents together can move a parameter, however strong they are: whoever has lost nearly everything
# still has something, or its load would be endless. Strengths that are shipped stay well within.
BOUNDS: Mapping[str, tuple[float, float]] = {
    "entry.rate": (0.0, 1000.0),
    "node.latency": (0.01, 1000.0),
    "node.delay_ms": (0.0, 3_600_000.0),
    "node.failing": (0.01, 1000.0),
    "node.failure": (0.0, 1.0),
    "node.holding": (0.01, 1000.0),
    "node.cost": (0.01, 1000.0),
    "node.cpu": (0.0, 100.0),
    "node.capacity": (0.01, 100.0),
    "node.memory": (0.0, 100.0),
    "node.replicas": (0.01, 1000.0),
    "node.unstarted": (0.0, 1.0),
    "pool.size": (0.01, 100.0),
    "pool.leaked": (0.0, 0.99),
    "pool.taken": (0.0, 100.0),  # more than all is all, sooner
    "pool.queued": (0.0, 100.0),
    "wire.delay_ms": (0.0, 3_600_000.0),
    "service.deployed": (0.0, 1.0),
    "cluster.nodes": (1.0, 1000.0),
    "cluster.lost": (0.0, 1.0),
    "bill.waste": (0.0, 10.0),
    "logins.failed": (0.0, 100_000.0),
    "logins.escalated": (0.0, 100_000.0),
}
USUAL_ERRORS = 32.5  # per cent of requests that incidents of the shop make fail (COM-6: 25 to 40)
LOW = 0.3  # strength at the ends of a swell (COM-6)


class Influences:
    """Changes of parameters in one window."""

    def __init__(self, window: Window, arrays: Mapping[tuple[str, str], F64]) -> None:
        """Keep the arrays, each of shape (ticks,), by parameter and entity."""
        self.window = window
        self.arrays = arrays
        self._by_parameter: dict[str, dict[str, F64]] = {}
        for (parameter, entity), values in arrays.items():
            self._by_parameter.setdefault(parameter, {})[entity] = values

    def get(self, parameter: Parameter, entity: str) -> F64 | None:
        """Factor or addend at each tick, shape (ticks,); None where nothing changes it."""
        return self.arrays.get((parameter, entity))

    def of(self, parameter: Parameter) -> Mapping[str, F64]:
        """Factors or addends of all entities that have any, each of shape (ticks,)."""
        return self._by_parameter.get(parameter, {})

    def out(self) -> Mapping[str, Bool]:
        """Services of which a version is out at some tick that is taken back: when, each of shape (ticks,)."""
        return {name: values > 0 for name, values in self.of("service.deployed").items()}

    def scale(self, parameter: Parameter, rows: Rows, values: F64) -> None:
        """Apply the factors of entities to their rows of ``values``, shape (rows, ticks), in place."""
        for entity, factor in self.of(parameter).items():
            if entity in rows:
                values[rows[entity]] *= factor

    def shift(self, parameter: Parameter, rows: Rows, values: F64) -> None:
        """Apply the addends of entities to their rows of ``values``, shape (rows, ticks), in place."""
        for entity, addend in self.of(parameter).items():
            if entity in rows:
                values[rows[entity]] += addend

    def times(self, parameter: Parameter, entity: str, values: F64) -> F64:
        """Values with the factor applied."""
        factor = self.get(parameter, entity)
        return values if factor is None else values * factor

    def plus(self, parameter: Parameter, entity: str, values: F64) -> F64:
        """Values with the addend applied."""
        addend = self.get(parameter, entity)
        return values if addend is None else values + addend


def influences(
    window: Window, occasions: Iterable[Occasion], flow: Flow, residents: Mapping[str, Sequence[str]]
) -> Influences:
    """Combine the effects of incidents in the order of their ids; ``residents`` are the services of each cluster."""
    arrays: dict[tuple[str, str], F64] = {}
    strength = flow.estate.incidents.error_percent / USUAL_ERRORS
    seconds = window.seconds().astype(np.float64) + window.tick_s / 2  # the middle of a tick stands for it
    for occasion in occasions:
        shapes: dict[str, F64] = {}
        for effect in occasion.kind.effects():
            if effect.envelope not in shapes:
                shapes[effect.envelope] = envelope(occasion, effect.envelope, seconds)
            for entity in struck(occasion, effect, flow, residents):
                _combine(arrays, effect, entity, shapes[effect.envelope] * (occasion.kind.strength * strength))
    return Influences(window, {key: np.clip(values, *BOUNDS[key[0]]) for key, values in arrays.items()})


def _combine(arrays: dict[tuple[str, str], F64], effect: Effect, entity: str, strength: F64) -> None:
    key = effect.parameter, entity
    size = min(effect.size, BOUNDS[effect.parameter][1])
    if effect.parameter in ADDED:
        change = size * strength
        arrays[key] = arrays[key] + change if key in arrays else change
    else:
        change = np.maximum(1 + (size - 1) * strength, 0.0)
        arrays[key] = arrays[key] * change if key in arrays else change


def struck(occasion: Occasion, effect: Effect, flow: Flow, residents: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Names of those that an effect changes, in the order of calls."""
    if effect.on in {"root", "cluster"}:  # a cluster is the root itself, where that is one
        return (occasion.root,) if effect.on == "root" or occasion.root in residents else ()
    if effect.on == "residents":
        return tuple(residents.get(occasion.root, ()))
    place = flow.places.get(occasion.root)
    if place is None:
        return ()
    names, edges = flow.nodes.names, flow.edges
    if effect.on in {"callers", "hosts"}:
        waiting = (edges.children == place) & (edges.asynchronous == 0)
        callers = tuple(names[parent] for parent in edges.parents[waiting].tolist())
        services = flow.estate.services
        hosts = dict.fromkeys(services[name].cluster for name in callers if name in services)
        return callers if effect.on == "callers" else tuple(hosts)
    if effect.on == "entries":
        return tuple(names[node] for node in sources(flow, place))
    children = edges.children[edges.parents == place].tolist()
    stores = {DATABASE, MACHINE}
    return tuple(names[child] for child in children if effect.on == "callees" or int(flow.nodes.kinds[child]) in stores)


def sources(flow: Flow, place: int) -> list[int]:
    """Nodes at which demand enters that reaches a node, the node itself included."""
    above, edges = {place}, flow.edges
    for edge in reversed(range(len(edges))):  # callers come first, so one walk back finds them all
        if int(edges.children[edge]) in above:
            above.add(int(edges.parents[edge]))
    entering = set(flow.entries.nodes[flow.entries.rates > 0].tolist())
    return sorted(above & entering)


def envelope(occasion: Occasion, shape: str, seconds: F64) -> F64:
    """Strength of an incident from 0 to 1 at instants, shape (instants,); exactly 0 outside of it.

    A plateau rises over the onset, stands, and falls over the recovery. A swell is a plateau whose strength goes from
    0.3 to 1 in the middle and back (COM-6). A climb grows until the recovery begins and is gone at once, as a leak is
    with a restart; a slide does too, but is the climb's square: little at first, and most of it in the end. A fade is
    what the restart leaves: as much as was climbed, falling over the recovery. The whole is 1 from the first to the
    last second. One that somebody resolves is what it would have been until then, and from then on falls from where it
    is.
    """
    level = _unresolved(occasion, shape, seconds - occasion.start_s)
    if occasion.resolved_s is None:
        return level
    since = seconds - occasion.resolved_s
    reached = _unresolved(occasion, shape, np.array([float(occasion.resolved_s - occasion.start_s)]))
    left = np.clip(1 - since / max(occasion.recovery_s, 1), 0.0, 1.0)
    if shape == "fade" and occasion.resolved_s < occasion.start_s + occasion.onset_s + occasion.stand_s:
        climbed = _unresolved(occasion, "climb", np.array([float(occasion.resolved_s - occasion.start_s)]))
        return np.where(since < 0, 0.0, climbed * left)
    if shape in {"climb", "slide"}:
        left = np.zeros_like(since)
    elif shape == "whole":
        left = (since < occasion.recovery_s).astype(np.float64)
    return np.where(since < 0, level, np.minimum(level, reached * left))


def _unresolved(occasion: Occasion, shape: str, since: F64) -> F64:
    onset, stand, recovery = (max(part, 1) for part in (occasion.onset_s, occasion.stand_s, occasion.recovery_s))
    length = float(occasion.onset_s + occasion.stand_s)
    inside = (since >= 0) & (since < length + occasion.recovery_s)
    if shape == "whole":
        return inside.astype(np.float64)
    if shape in {"climb", "slide"}:
        rising = np.clip(since / max(length, 1.0), 0.0, 1.0)
        return np.where(inside & (since < length), rising if shape == "climb" else rising * rising, 0.0)
    if shape == "fade":
        return np.where(inside & (since >= length), np.clip((length + recovery - since) / recovery, 0.0, 1.0), 0.0)
    level = np.minimum(np.clip(since / onset, 0.0, 1.0), np.clip((length + recovery - since) / recovery, 0.0, 1.0))
    if shape == "swell":
        middle = np.clip(1 - np.abs(since - occasion.onset_s - stand / 2) / (stand / 2), 0.0, 1.0)
        level = level * (LOW + (1 - LOW) * middle)
    return np.where(inside, level, 0.0)
