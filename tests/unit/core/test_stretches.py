from ghostfleet.core import stretches


def test_stretches_are_joined_cut_and_counted_once():
    some = [(5, 9), (1, 3), (8, 12), (3, 4), (7, 7), (20, 18)]
    assert stretches.apart(some) == [(1, 4), (5, 12)]
    assert stretches.inside(some, 2, 10) == [(2, 4), (5, 10)]
    assert stretches.without([(0, 10)], [(2, 3), (9, 20)]) == [(0, 2), (3, 9)]
    assert stretches.length(stretches.apart(some)) == 10
