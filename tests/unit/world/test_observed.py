"""What must be observed of nodes: they have it from whoever looks, or usual values where nobody does."""

import pytest

from ghostfleet.world.estate import entities
from tests.unit.world.test_estate import world


def test_what_must_be_observed_has_no_value_of_its_own():
    """For all labels and their observed properties: no column, a usual one where nobody looks, an error in between."""
    made = world("estate")
    observed = {label: nodes for label, nodes in made.labels.items() if nodes.label.observed}
    assert observed.keys() >= {"Service", "Node", "EKSCluster", "WebService", "LoadBalancer", "ExternalService"}
    for nodes in observed.values():
        assert not nodes.label.observed & nodes.columns.keys()
        assert nodes.label.observed <= nodes.still().columns.keys()
        seen = {name: nodes.still().columns[name] for name in sorted(nodes.label.observed)}
        assert nodes.at(0, seen).keys() == nodes.at(0).keys()
        for name in seen:
            with pytest.raises(ValueError, match=f"nobody looked at .'{name}'. of {nodes.label.name}"):
                nodes.at(0, {one: values for one, values in seen.items() if one != name})


def test_values_of_what_must_be_observed_are_refused():
    nodes = world("estate")["Node"]
    with pytest.raises(ValueError, match=r"declares no \['status'\]"):
        entities.entities(
            nodes.label, (), (), {name: () for name in nodes.label.columns if name != "created_at"}, usual=nodes.usual
        )
    with pytest.raises(ValueError, match=r"is not given \['status'\]"):
        entities.entities(nodes.label, (), (), {name: () for name in nodes.columns if name != "created_at"})
