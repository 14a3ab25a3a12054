"""Tables of nodes and of links, and what their rows are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.batch import Batch, Text, taken
from ghostfleet.core.table import Kind, Table, column
from ghostfleet.world import estate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ghostfleet.core.arrays import I64
    from ghostfleet.core.batch import Values
    from ghostfleet.core.window import Window
    from ghostfleet.signals import Extent, Observer
    from ghostfleet.signals.topology.seen import Look, Seen
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.world.estate import Label, Links, LinkType, World

OBSERVED = frozenset(
    {"EC2Instance", "EKSCluster", "ExternalService", "LoadBalancer", "Node", "Pod", "Service", "WebService"}
)
LINK_KEYS = ("from_label", "from_id", "to_label", "to_id")


@dataclass(frozen=True, eq=False)
class _Known:
    """A scenario told apart from others by being another object: it has mappings, and so no hash of its own."""

    scenario: Scenario

    def __hash__(self) -> int:
        """Identity; whoever remembers this keeps the scenario, so that no other takes its place."""
        return id(self.scenario)

    def __eq__(self, other: object) -> bool:
        """Whether it is the very same scenario."""
        return isinstance(other, _Known) and self.scenario is other.scenario


@lru_cache(maxsize=2)
def _shown(known: _Known) -> World:
    """The world of a scenario as its graph shows it; all tables of a run share it."""
    return estate.build(known.scenario).shown


@lru_cache(maxsize=2)
def _seen(known: _Known) -> Seen:
    """What is observed of the nodes; all tables of a run share it."""
    from ghostfleet.signals.topology.seen import Seen  # it needs the state, which a fixed graph does not

    return Seen(known.scenario)


def _looks(known: _Known, label: str) -> Look | None:
    """What changes the columns of a label when one looks."""
    world = _shown(known)
    if not world.estate.graph_observed or label not in OBSERVED or not len(world[label]):
        return None
    return _seen(known).look(label, world[label])


class _OfGraph:
    """What all tables of the graph have in common."""

    NEEDS: tuple[str, ...] = ("estate",)

    def notes(self, scenario: Scenario, row_s: int) -> Mapping[str, object]:  # noqa: ARG002  the protocol's
        """Nothing that the scenario does not say."""
        return {}

    def expectations(
        self,
        scenario: Scenario,  # noqa: ARG002  the protocol's
        extent: Extent | None = None,  # noqa: ARG002  the protocol's
    ) -> Mapping[str, Sequence[Mapping[str, object]]]:
        """Nothing beyond what the table declares."""
        return {}


class NodeTable(_OfGraph):
    """The table of a label."""

    def __init__(self, label: Label) -> None:
        """Declare the table from the label's properties."""
        self.label = label.name
        self.TABLE = Table(
            label.name,
            f"nodes of the graph: {label.about}",
            (
                column("id", Kind.TEXT, "id, unique in the graph"),
                column("name", Kind.TEXT, "name"),
                column("kind", Kind.TEXT, "label", values=(label.name,)),
                *label.properties,
            ),
            keys=("id",),
            order=("id",),
            group="graph",
            form="node",
        )

    def observer(self, scenario: Scenario) -> Observer:
        """Make the table ready for a scenario."""
        known = _Known(scenario)
        entities = _shown(known)[self.label]
        return Nodes(self.TABLE, entities, _sorted([entities.ids]), _looks(known, self.label))


class LinkTable(_OfGraph):
    """The table of a relationship type."""

    def __init__(self, kind: LinkType, labels: frozenset[str]) -> None:
        """Declare the table."""
        self.kind = kind
        words = tuple(sorted(labels))
        self.TABLE = Table(
            kind.name,
            f"links of the graph: {kind.about}",
            (
                column("from_label", Kind.TEXT, "label of the node that the link starts at", values=words),
                column("from_id", Kind.TEXT, "id of that node"),
                column("to_label", Kind.TEXT, "label of the node that the link ends at", values=words),
                column("to_id", Kind.TEXT, "id of that node"),
                column("kind", Kind.TEXT, "type", values=(kind.name,)),
            ),
            keys=LINK_KEYS,
            order=LINK_KEYS,
            group="graph",
            form="link",
        )

    def observer(self, scenario: Scenario) -> Observer:
        """Make the table ready for a scenario."""
        world = _shown(_Known(scenario))
        links = world.links[self.kind.name]
        return Tied(self.TABLE, _ends(world, links))


def _ends(world: World, links: Links) -> list[list[str]]:
    """Label and id at the start and at the end of each link, sorted."""
    ids = [world[label].ids for label in links.labels]
    columns: list[list[str]] = []
    for codes, rows in ((links.from_labels, links.from_rows), (links.to_labels, links.to_rows)):
        pairs = list(zip(codes.tolist(), rows.tolist(), strict=True))
        columns += [[links.labels[code] for code, _ in pairs], [ids[code][row] for code, row in pairs]]
    order = _sorted(columns).tolist()
    return [[values[place] for place in order] for values in columns]


def _sorted(columns: Sequence[Sequence[str]]) -> I64:
    rows = list(zip(*columns, strict=True))
    return np.array(sorted(range(len(rows)), key=rows.__getitem__), dtype=np.int64)


@dataclass(frozen=True)
class Nodes:
    """Nodes of one label in one scenario."""

    table: Table
    nodes: estate.Entities
    order: I64  # rows of the nodes, sorted by id
    look: Look | None = None  # what changes some columns when one looks

    @property
    def entities(self) -> int:
        """How many nodes there are."""
        return len(self.nodes)

    @property
    def breadth(self) -> int:
        """No ticks are worked on."""
        return 1

    def rows(self, window: Window, first: int, last: int) -> Batch:
        """Nodes ``[first, last)`` in the order of their ids, as they stand when the window ends."""
        at = self.nodes.at(window.until_s, None if self.look is None else self.look(window.until_s))
        rows = self.order[first:last]
        return Batch(self.table, {name: taken(values, rows) for name, values in at.items()})


@dataclass(frozen=True)
class Tied:
    """Links of one type in one scenario."""

    table: Table
    ends: list[list[str]]  # columns in the order of the keys

    @property
    def entities(self) -> int:
        """How many links there are."""
        return len(self.ends[0])

    @property
    def breadth(self) -> int:
        """No ticks are worked on."""
        return 1

    def rows(self, window: Window, first: int, last: int) -> Batch:  # noqa: ARG002  they hold whenever one looks
        """Links ``[first, last)``."""
        columns: dict[str, Values] = {
            name: estate.texts(values[first:last]) for name, values in zip(LINK_KEYS, self.ends, strict=True)
        }
        columns["kind"] = Text(np.zeros(last - first, dtype=np.int32), (self.table.name,))
        return Batch(self.table, columns)
