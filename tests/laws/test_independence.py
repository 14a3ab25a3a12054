"""What the model leaves independent is independent: no two columns of single requests share a draw.

For all such columns X and Y and all strata s, P(X, Y | s) = P(X | s) P(Y | s): χ² over all strata has the mean and
the variance that chance gives it. Strata are what both may depend on: a tick, an endpoint and what it answered, a code.
"""

from functools import cache
from itertools import combinations

import numpy as np
import pytest

from ghostfleet.core.window import HOUR_S, MINUTE_S, Window
from ghostfleet.generate import Generator
from ghostfleet.signals.transactions import documents
from ghostfleet.state.estate import people
from tests.laws import estates

BINS, FEW = 4, 400  # of columns that are quantities; rows of a stratum that are too few to tell
CHANCE = 6.0  # standard deviations


def _kinds(values: np.ndarray) -> np.ndarray:
    """Kind of each value: it itself where there are few, or a quarter of the quantities."""
    known, codes = np.unique(values, return_inverse=True)
    if values.dtype == np.int32 or len(known) <= BINS:
        return codes
    return np.searchsorted(np.quantile(values, np.arange(1, BINS) / BINS), values, side="left")


def _numbered(values: np.ndarray) -> np.ndarray:
    """Texts as numbers that are known for kinds; quantities as they are."""
    return np.unique(values, return_inverse=True)[1].astype(np.int32) if values.dtype.kind in "US" else values


def _table(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    one, other = _kinds(one), _kinds(other)
    width = int(other.max()) + 1
    counts = np.bincount(one * width + other, minlength=(int(one.max()) + 1) * width).reshape(-1, width)
    common = counts[counts.sum(axis=1) >= 50][:, counts.sum(axis=0) >= 50]
    return common.astype(float)


def beyond_chance(one: np.ndarray, other: np.ndarray, strata: np.ndarray) -> float:
    """Standard deviations by which χ² of two columns exceeds what chance gives."""
    found = freedom = 0.0
    for stratum in np.unique(strata):
        mine = strata == stratum
        if mine.sum() < FEW:
            continue
        counts = _table(one[mine], other[mine])
        if min(counts.shape, default=0) < 2:
            continue
        expected = counts.sum(axis=1)[:, None] * counts.sum(axis=0) / counts.sum()
        found += ((counts - expected) ** 2 / expected).sum()
        freedom += (counts.shape[0] - 1) * (counts.shape[1] - 1)
    assert freedom > 0, "no stratum tells of both"
    return (found - freedom) / (2 * freedom) ** 0.5


def assert_independent(columns: dict[str, np.ndarray], strata: np.ndarray, *, tied: tuple[frozenset[str], ...] = ()):
    columns, strata = {name: _numbered(one) for name, one in columns.items()}, _numbered(strata)
    pairs = [pair for pair in combinations(columns, 2) if not any(one.issuperset(pair) for one in tied)]
    for one, other in pairs:
        assert beyond_chance(columns[one], columns[other], strata) < CHANCE, (one, other)


SHOWN = ("payment_gateway", "cache_hit", "server_instance", "product_id", "user_agent", "amount")
USED = ("thread_pool_active", "memory_usage_percent", "cpu_usage_percent")


@cache
def evening(incidents: str) -> estates.Cells:
    """Half an hour of the shop in which a gateway stops answering, or nothing is wrong."""
    generator = Generator(estates.scenario("commerce", f"estate.incidents.enabled={incidents}"))
    until = generator.scenario.timeline.until_s - 2 * HOUR_S
    return checkouts(generator, Window.between(until - HOUR_S // 2, until, MINUTE_S))


def checkouts(generator: Generator, span: Window) -> estates.Cells:
    rows = estates.rows(generator, "transactions", span)
    return {name: rows[name] for name in ("@timestamp", "error_code", "error_message", "retry_count", *SHOWN, *USED)}


def assert_checkouts_are_independent(rows: estates.Cells):
    fine = rows["error_code"] == ""
    columns = {name: rows[name][fine] for name in (*SHOWN, *USED)}
    # What a product costs it says; levels of machines are the minute's, of which each request sees them by itself.
    columns["amount"] = _above(columns["amount"], columns["product_id"])
    assert_independent(columns, rows["@timestamp"][fine] // 60_000)


def _above(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Rank of each value among those of its group."""
    ranks = np.zeros(len(values))
    for group in np.unique(groups):
        mine = np.flatnonzero(groups == group)
        ranks[mine[np.argsort(values[mine], kind="stable")]] = np.arange(len(mine)) / len(mine)
    return ranks


def test_columns_of_a_checkout_are_independent_within_a_minute():
    assert_checkouts_are_independent(evening("false"))


def test_a_text_of_a_failure_says_nothing_of_anything_but_its_code():
    rows = evening("true")
    failed = rows["error_code"] != ""
    columns = {name: rows[name][failed] for name in ("error_message", "retry_count", *SHOWN)}
    columns.pop("payment_gateway")  # one of them is what fails
    columns["amount"] = _above(columns["amount"], columns["product_id"])
    assert failed.sum() > 5_000
    assert_independent(columns, rows["error_code"][failed])


def test_checkouts_that_share_their_bits_are_seen(monkeypatch: pytest.MonkeyPatch):
    """The law fails where two choices have the same bits of a word."""
    monkeypatch.setattr(documents, "SHIFTS", (0, 16, 32, 32))
    generator = Generator(estates.scenario("commerce", "estate.incidents.enabled=false"))
    until = generator.scenario.timeline.until_s
    with pytest.raises(AssertionError, match="cache_hit"):
        assert_checkouts_are_independent(checkouts(generator, Window.between(until - HOUR_S // 6, until, MINUTE_S)))


PERSON = ("context.tags.city", "context.user_agent")
CHOSEN = ("source.environment", "metrics.request_size_bytes", "metrics.response_size_bytes")


@cache
def asked() -> estates.Cells:
    scenario = estates.scenario("events", "estate.total=400000", "estate.hours=24")
    span = Window.between(scenario.timeline.since_s, scenario.timeline.until_s, MINUTE_S)
    rows = estates.rows(Generator(scenario), "events", span)
    # A person has one city and one agent: who comes again brings both, so they are compared person by person below.
    names = ("source.method", "source.endpoint", "source.route", "metrics.status_code", "metrics.cache_hit")
    bodies = [name for name in rows if name.startswith(("payload.", "error_details."))]
    kept = {name: rows[name] for name in (*names, *bodies, *PERSON, *CHOSEN)}
    return kept | {"anonymous": rows["context.user_id"] == "", "ms": rows["metrics.response_time_ms"]}


def endpoints(rows: estates.Cells) -> np.ndarray:
    path = np.where(rows["source.route"] == "", rows["source.endpoint"], rows["source.route"])
    status = rows["metrics.status_code"].astype(str)
    return np.char.add(np.char.add(rows["source.method"].astype(str), path.astype(str)), status)


def chosen(rows: estates.Cells, mine: np.ndarray, *names: str) -> dict[str, np.ndarray]:
    return {name: rows[name][mine] for name in ("anonymous", "ms", *PERSON, *CHOSEN, *names)}


# Where people are says when they come, and so how busy it is; and what comes from a cache comes sooner.
TIED = (frozenset({*PERSON, "ms"}), frozenset({"ms", "metrics.cache_hit"}))


def test_columns_of_an_answer_are_independent_for_each_endpoint():
    rows = asked()
    mine = rows["metrics.status_code"] == 200
    assert_independent(chosen(rows, mine, "metrics.cache_hit"), endpoints(rows)[mine], tied=TIED)


def test_what_is_answered_is_independent_of_what_is_chosen_for_each_endpoint():
    """Of a POST, the three ways in which it can succeed."""
    rows = asked()
    mine = (rows["metrics.status_code"] < 300) & (rows["source.method"] == "POST")
    assert_independent(chosen(rows, mine, "metrics.status_code"), rows["source.endpoint"][mine], tied=TIED)


def test_texts_of_errors_are_independent_of_the_rest():
    """Which texts there are depends on the endpoint, and so does how long it takes and who asks there."""
    rows = asked()
    mine = rows["metrics.status_code"] >= 400
    columns = chosen(rows, mine, "error_details.error_message")
    del columns["ms"], columns["anonymous"]
    strata = np.char.add(rows["source.method"].astype(str), rows["metrics.status_code"].astype(str))
    assert_independent(columns, strata[mine], tied=TIED)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/api/v1/auth/login", ("payload.auth_method",)),
        ("/api/v1/payments/create", ("payload.payment_method", "payload.amount")),
        ("/api/v1/orders/create", ("payload.items_count",)),
    ],
)
def test_payloads_are_independent_of_the_rest(path: str, names: tuple[str, ...]):
    """In currencies with cents, of which as many are paid as of dollars."""
    rows = asked()
    mine = (rows["source.endpoint"] == path) & (rows["metrics.status_code"] < 300)
    mine &= rows["payload.currency"] != "JPY"
    assert mine.sum() > 2_000
    everywhere = np.zeros(mine.sum(), dtype=np.int64)
    columns = chosen(rows, mine, *names)
    if not columns["anonymous"].any():
        del columns["anonymous"]
    assert_independent(columns, everywhere, tied=TIED)


def test_people_of_a_city_have_the_agents_of_all():
    crowd = people.people(Generator(estates.scenario("events")).estates.flow)
    columns = {"city": crowd.city, "agent": crowd.agent, "address": crowd.address % 64}
    assert_independent({name: np.asarray(one).astype(str) for name, one in columns.items()}, np.zeros(len(crowd.city)))
