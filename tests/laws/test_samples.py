"""Samples of transactions are transactions, of times that belong to one phase each.

T[w) are the transactions of a window w, S_p[w) the sample of a phase p; times of p follow from the incidents alone.
"""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from ghostfleet.core.window import HOUR_S, MINUTE_S, Window
from ghostfleet.generate import Generator
from ghostfleet.run.history import Request, prepare
from ghostfleet.state.estate import Estates
from tests.laws import estates

PHASES = ("normal", "incident", "recovery")
ROOTS = {"stripe", "paypal", "square", "legacy-sqlserver-01", "checkout-service", "payment-service"}
# From 14:00 until 15:20 in New York: a payment time-out from 14:25 until 14:41, and what follows it.
SINCE_S = 1_772_652_300 - 25 * MINUTE_S
SHOP = ("estate.load=0.1", "estate.now=2026-03-04T17:00:00-05:00")


@cache
def generator() -> Generator:
    return Generator(estates.scenario("commerce", *SHOP))


def window(low: int, high: int) -> Window:
    return Window.between(SINCE_S + low * MINUTE_S, SINCE_S + high * MINUTE_S, MINUTE_S)


@cache
def rows(table: str, low: int = 0, high: int = 80) -> estates.Cells:
    return estates.rows(generator(), table, window(low, high))


@cache
def phases() -> np.ndarray:
    """Phase of each transaction, as whoever reads the list of incidents would say."""
    second = rows("transactions")["@timestamp"] / 1000
    found = np.zeros(len(second), dtype=np.int64)
    for one in Estates(generator().scenario).occasions.between(SINCE_S, SINCE_S + 2 * HOUR_S):
        assert one.root in ROOTS
        stood = one.phases_s[1]
        found[(second >= stood) & (second < one.end_s) & (found == 0)] = 2
        found[(second >= one.start_s) & (second < stood)] = 1
    return found


def cut(cells: estates.Cells, where: np.ndarray) -> estates.Cells:
    return {name: values[where] for name, values in cells.items()}


@pytest.mark.parametrize(("number", "phase"), [(1, "incident"), (2, "recovery")])
def test_a_sample_of_a_phase_is_all_transactions_of_its_times(number, phase):
    """S_p[w) = {t ∈ T[w): the time of t is of p}."""
    made = rows(f"{phase}_transactions")
    assert len(made["transaction_id"]) > 100
    estates.assert_equal(made, cut(rows("transactions"), phases() == number))


def test_the_sample_of_other_times_is_one_transaction_in_a_hundred():
    """S_normal ⊂ {t ∈ T: the time of t is of neither phase}, about a hundredth of it."""
    whole, made = rows("transactions"), rows("normal_transactions")
    quiet = cut(whole, phases() == 0)
    chosen = np.isin(quiet["transaction_id"], made["transaction_id"])
    estates.assert_equal(made, cut(quiet, chosen))
    mean = len(chosen) / 100
    assert abs(len(made["transaction_id"]) - mean) < 4 * mean**0.5


@pytest.mark.parametrize("phase", PHASES)
def test_unaligned_chunks_concatenate_to_the_whole(phase):
    """For all a ≤ b ≤ c, S[a, c) is S[a, b) followed by S[b, c)."""
    table = f"{phase}_transactions"
    ends = [0, 7, 8, 23, 26, 39, 41, 53, 80]
    parts = [rows(table, low, high) for low, high in pairwise(ends)]
    estates.assert_equal(rows(table), estates.joined(parts, generator().observer(table).table.names))


def test_incidents_make_transactions_fail_and_recoveries_fewer():
    errors = {phase: np.mean(rows(f"{phase}_transactions")["status"] == "error") for phase in PHASES}
    assert 0.25 < errors["incident"] < 0.4
    assert errors["incident"] > errors["recovery"] > errors["normal"]
    assert errors["normal"] < 0.04


@pytest.mark.parametrize("phase", PHASES)
def test_a_plan_guesses_how_many_there_are(phase):
    table = generator().observer(f"{phase}_transactions").table
    planned = generator().plan(window(0, 80), [table]).rows
    assert 0.4 < planned / len(rows(table.name)["transaction_id"]) < 2.5


def test_samples_are_records_and_blind_runs_have_none():
    scenario = generator().scenario
    _, tables, _ = prepare(scenario, Request(("blackhole:",)))
    _, blind, _ = prepare(scenario, Request(("blackhole:",), blind=True))
    assert {table.file_stem for table in tables} == {"all_data", "normal_data", "incident_data", "recovery_data"}
    assert [table.name for table in blind] == ["transactions"]


def test_incidents_that_do_not_touch_the_checkout_count_as_quiet():
    """An incident of whoever only hears of a checkout has no sample."""
    placed = "estate.incidents.placed=[{days_ago: 0, at: '14:25', incident: {kind: upstream_degradation, on: [%s]}}]"
    for root, has_any in (("order-service", False), ("product-service", True)):
        made = Generator(estates.scenario("commerce", *SHOP, "estate.incidents.a_day=0", placed % root))
        found = estates.rows(made, "incident_transactions", window(0, 30))
        assert bool(len(found["transaction_id"])) is has_any
