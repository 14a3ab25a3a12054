"""What is observed of nodes is looked at, all of it, and never drawn."""

from functools import cache

import pytest

from ghostfleet.core.window import MINUTE_S, Window
from ghostfleet.generate import Generator
from ghostfleet.signals.topology.seen import Seen
from ghostfleet.signals.topology.tables import OBSERVED
from ghostfleet.world import estate as worlds
from ghostfleet.world.estate.entities import Draws
from tests.laws import estates

END_S = 1741190400  # 2025-03-05 16:00 UTC
SPAN = Window.between(END_S - MINUTE_S, END_S, MINUTE_S)
LOOKED_AT = sorted(OBSERVED)
DRAWN = {  # where somebody looks at it
    *(("WebService", name) for name in ("status", "memory_utilization")),  # what idle ones are, and what load moves
    ("LoadBalancer", "state"),
    ("EKSCluster", "status"),  # of those without machines
    *(("ExternalService", name) for name in ("availability", "response_time_p95")),  # of those that nobody asks
}


@cache
def looked():
    scenario = estates.scenario("estate")
    return Seen(scenario), worlds.build(scenario)


@pytest.mark.parametrize("label", LOOKED_AT)
def test_everything_that_is_observed_is_looked_at(label):
    """For all labels: what must be observed ⊆ what is looked at ⊆ what is declared."""
    seen, world = looked()
    look = seen.look(label, world[label])
    assert look is not None
    assert world[label].label.observed <= look(END_S).keys() <= world[label].label.columns.keys()


def test_no_label_is_observed_of_which_nothing_is():
    _, world = looked()
    must = {label for label, entities in world.labels.items() if entities.label.observed}
    assert must <= OBSERVED
    assert OBSERVED - must == {"Pod"}  # whose places are usual ones, and whose dates bound those of their pods


@pytest.mark.parametrize("label", [label for label in LOOKED_AT if label != "Pod"])
def test_a_column_that_a_look_forgets_is_missed(label, monkeypatch):
    """For all labels and their observed columns: without it there are no rows, and not rows with another value."""
    look, world = Seen.look, looked()[1]
    for name in sorted(world[label].label.observed):

        def forgetful(self, of, nodes, name=name):
            found = look(self, of, nodes)
            return found and (lambda second: {key: one for key, one in found(second).items() if key != name})

        monkeypatch.setattr(Seen, "look", forgetful)
        with pytest.raises(ValueError, match=f"nobody looked at .'{name}'."):
            estates.rows(Generator(estates.scenario("estate")), label, SPAN)


def test_what_is_observed_is_not_drawn(monkeypatch):
    drawn = set()
    uniform = Draws.uniform

    def watched(self, name):
        drawn.add((self._label, name))
        return uniform(self, name)

    monkeypatch.setattr(Draws, "uniform", watched)
    generator = Generator(estates.scenario("estate"))
    for label in LOOKED_AT:
        estates.rows(generator, label, SPAN)
    observed = {(label, name) for label in LOOKED_AT for name in looked()[1][label].label.observed}
    assert ("Application", "status") in drawn
    assert observed & drawn <= DRAWN


def test_a_graph_that_nobody_looks_at_is_whole():
    small = Generator(estates.scenario("small"))
    for label in ("EKSCluster", "EC2Instance", "Service"):
        found = estates.rows(small, label, SPAN)
        assert len(found["id"]) > 0
