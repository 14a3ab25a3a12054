"""A flow cut into levels: callers first, nobody calls within a level, and every step is one slot of the first nodes."""

from ghostfleet.world.flow import levels

SLOTS_OF = [[0, 1, 2], [3], [4, 5], [], [6], []]
CHILDREN = [2, 3, 2, 5, 4, 3, 5]


def cut():
    return levels.in_levels(SLOTS_OF, CHILDREN)


def level_of():
    found = cut()
    return {node: number for number, level in enumerate(found.all) for node in found.nodes[level.nodes].tolist()}


def test_every_node_and_slot_stands_in_one_place():
    found = cut()
    assert sorted(found.nodes.tolist()) == list(range(6))
    assert sorted(found.slots.tolist()) == list(range(7))
    assert found.nodes[found.place].tolist() == list(range(6))


def test_callers_come_in_levels_before_those_they_call():
    at = level_of()
    for node, slots in enumerate(SLOTS_OF):
        assert all(at[node] < at[CHILDREN[slot]] for slot in slots)


def test_steps_are_the_slots_of_the_first_nodes():
    found = cut()
    for level in found.all:
        nodes, slots = found.nodes[level.nodes].tolist(), found.slots[level.slots].tolist()
        for number, step in enumerate(level.steps):
            some = slots[step]
            assert some == [SLOTS_OF[node][number] for node in nodes[: len(some)]]
            assert not any(len(SLOTS_OF[node]) > number for node in nodes[len(some) :])


def test_no_nodes_have_no_levels():
    assert levels.in_levels([], []).all == ()
