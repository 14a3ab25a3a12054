"""How far an incident may reach: links from its root along which its kind says that it spreads.

Stages follow each other in the order in which a kind names them, each any number of times: with callers, then callees,
what reaches a caller reaches whomever that calls, too, but not who else calls those. Whoever an effect of the incident
strikes itself, such as those at whom people try again, is one link from the root, whatever lies between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ghostfleet.spec.estate.names import ARROW
from ghostfleet.state.estate.influences import ADDED, struck

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ghostfleet.incidents import Spread
    from ghostfleet.world.flow import Flow
    from ghostfleet.world.occasions import Occasion

    Links = Mapping[str, set[str]]


def links(flow: Flow, residents: Mapping[str, Sequence[str]], spread: Spread) -> Links:
    """Neighbours of each entity in one stage.

    Those who share something are a cluster's services, and all callers of what was reached. A replica that nobody calls
    repeats what its original does, and is reached as if that called it.
    """
    pairs = [
        (flow.nodes.names[parent], flow.nodes.names[child])
        for calls in (flow.edges, flow.echoes)
        for parent, child in zip(calls.parents.tolist(), calls.children.tolist(), strict=True)
    ]
    if spread == "callees":
        pairs += [(flow.nodes.names[original], flow.nodes.names[copy]) for copy, original in flow.originals.items()]
    found: dict[str, set[str]] = {}
    for parent, child in pairs:
        source, target = (parent, child) if spread == "callees" else (child, parent)
        found.setdefault(source, set()).add(target)
    if spread == "sharers":
        for cluster, services in residents.items():
            found.setdefault(cluster, set()).update(services)
    return found


def hops(occasion: Occasion, flow: Flow, residents: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Fewest links from the root to each entity within reach."""
    effects = [one for one in occasion.kind.effects() if one.size != (0 if one.parameter in ADDED else 1)]
    direct = {name for effect in effects for name in struck(occasion, effect, flow, residents)}
    found = dict.fromkeys(sorted(direct), 1) | {occasion.root: 0}
    for spread in occasion.kind.SPREADS:
        neighbours = links(flow, residents, spread)
        waiting = sorted(found.items(), key=lambda pair: (pair[1], pair[0]))
        for name, hop in waiting:  # grows; hops of one stage come in their order but for those of stages before
            for other in sorted(neighbours.get(name, ())):
                if hop + 1 < found.get(other, hop + 2):
                    found[other] = hop + 1
                    waiting.append((other, hop + 1))
    return found


def hop_of(entity: str, found: Mapping[str, int]) -> int | None:
    """Hop of an entity, of a call that of its farther end; None beyond reach."""
    ends = [found.get(end) for end in entity.split(ARROW)]
    known = [hop for hop in ends if hop is not None]
    return max(known) if len(known) == len(ends) else None
