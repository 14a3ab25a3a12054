import numpy as np

from ghostfleet.core.scratch import Scratch


def test_an_array_has_the_shape_and_type_that_were_asked_for():
    array = Scratch().array("a", (3, 5), np.int32)
    assert array.shape == (3, 5)
    assert array.dtype == np.int32
    assert array.flags.c_contiguous


def test_memory_is_lent_again_under_its_name_and_under_no_other():
    scratch = Scratch()
    first = scratch.array("a", (4, 4), np.float32)
    assert np.shares_memory(first, scratch.array("a", (2, 3), np.float64))
    assert not np.shares_memory(first, scratch.array("b", (4, 4), np.float32))


def test_a_larger_array_replaces_the_smaller():
    scratch = Scratch()
    scratch.array("a", (2,), np.int64)
    assert scratch.array("a", (0,), np.int64).shape == (0,)
    assert scratch.array("a", (200,), np.int64).shape == (200,)


def test_zeros_are_zeros_and_as_many_as_were_asked_for():
    scratch = Scratch()
    for size in (3, 700, 5):
        zeros = scratch.zeros("a", size, np.float64)
        assert zeros.tolist() == [0.0] * size
        zeros[1] = 7
        zeros[1] = 0


def test_one_shape_after_another_is_lent_from_the_same_memory():
    scratch = Scratch()
    first = scratch.array("a", (900,), np.int64)
    assert all(np.shares_memory(first, scratch.array("a", (size,), np.int64)) for size in range(1, 900))
