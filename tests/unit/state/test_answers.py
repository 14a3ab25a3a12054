"""How requests end: powers of failures, and sweeps that leave out what nobody met."""

from functools import cache

import numpy as np

from ghostfleet.cli import scenario as scenarios
from ghostfleet.generate import Generator
from ghostfleet.spec import loading
from ghostfleet.state.estate.answers import BY_NODE, BY_SLOT, Own, Sweeper
from ghostfleet.state.estate.powers import mean_failures, power

Q = np.array([0.0, 1e-300, 0.3, 0.5, 0.999999])
RETRIES = np.array([[0], [1], [2], [3]])


def test_powers_are_those_of_each_slot():
    found = power(np.tile(Q, (4, 1)), RETRIES + 1)
    assert found.tolist() == [Q.tolist(), (Q * Q).tolist(), (Q * Q * Q).tolist(), (Q * Q * Q * Q).tolist()]


def test_failures_before_a_served_attempt_are_counted_up_to_the_last_but_one():
    q = np.tile(Q, (4, 1))
    for row, (found, retries) in enumerate(
        zip(mean_failures(q, RETRIES, power(q, RETRIES + 1)), range(4), strict=True)
    ):
        weights = [Q**failures * (1 - Q) for failures in range(retries + 1)]
        expected = sum(failures * weight for failures, weight in enumerate(weights)) / sum(weights)
        np.testing.assert_allclose(found, expected, rtol=1e-9, err_msg=str(row))


@cache
def solved():
    made = Generator(loading.load(scenarios.find("estate")).scenario)
    since_s = 1_741_046_400
    return made.state(made.window(since_s, since_s + 1800, 60))


def test_calls_that_are_refused_in_one_tick_change_no_answer_of_another():
    """Where no breaker is open, a sweep does without all that is about refusals."""
    state = solved()
    rates, flow = state.rates, state.flow
    own = Own(rates.loads, rates.connections, rates.times, rates.answers.own_failures, rates.telling)
    none = np.zeros((len(flow.edges), len(state.window)))
    some = none.copy()
    some[:, -1] = 0.5
    without, with_some = (Sweeper(flow).sweep(own, one, state.influences) for one in (none, some))
    for name in (*BY_NODE, *BY_SLOT):
        mine, theirs = getattr(without, name), getattr(with_some, name)
        assert np.array_equal(mine[:, :-1], theirs[:, :-1]), name
    assert (with_some.refusals[:, -1] > 0).any()
    assert not without.refusals.any()
