"""Laws of what incidents do: who is hit, in which order, how far, until when; and that no request is lost."""

import sys
from itertools import pairwise

import msgspec
import numpy as np
import pytest
import rustworkx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ghostfleet import truth
from ghostfleet.core.window import Window
from ghostfleet.incidents import kinds
from ghostfleet.incidents.memory_leak import MemoryLeak
from ghostfleet.spec.estate.names import ARROW
from ghostfleet.state.estate import Estates, outcomes
from ghostfleet.state.estate.influences import envelope
from ghostfleet.state.estate.influences import struck as struck_by
from ghostfleet.state.estate.rates import LOOK_BACK
from ghostfleet.truth import difference, metrics, reach
from ghostfleet.world import occasions
from tests.unit.truth.halves import DAY_S, ROOTS, TRADING, nobody, placed, scenario, struck, window

LONG = {"cost_spiral": {"minutes": (60, 60), "onset": (30, 30)}, "license_overprovisioning": {"minutes": (90, 90)}}
STARTS = ("2025-03-05T16:00", "2025-03-05T19:37:20", "2025-03-08T03:11")
CASES = [(kind, starts) for kind in sorted(ROOTS) for starts in STARTS]
SCHEDULED = {
    "scheduled": {
        "payments": {"incident": {"kind": "payment_timeout"}, "per_day": 2.5, "hours": [10, 20]},
        "deploys": {"incident": {"kind": "bad_deploy"}, "per_day": 3, "weekdays_only": True},
        "leaks": {"incident": {"kind": "memory_leak"}, "per_day": 1.5},
        "losses": {"incident": {"kind": "node_loss"}, "per_day": 0.8, "clock": "Europe/London"},
    }
}


def one(kind, starts=STARTS[0]):
    return struck(kind, starts, **LONG.get(kind, {}))


def arrays(state):
    """Every array of rates and outcomes, with what its rows are."""
    flow = state.flow
    rows = {
        len(flow.nodes): flow.nodes.names,
        len(flow.edges): [flow.nodes.names[parent] for parent in flow.edges.parents],
        len(flow.slots): [flow.nodes.names[flow.edges.parents[edge]] for edge in flow.slots.edges],
        len(flow.entries): [flow.nodes.names[node] for node in flow.entries.nodes],
    }
    assert len(rows) == 4  # of four different lengths, so that a length tells what the rows are
    for struct in (state.rates, state.rates.answers, state.outcomes):
        for name in struct.__struct_fields__:
            values = getattr(struct, name)
            if isinstance(values, np.ndarray) and len(values):
                yield f"{type(struct).__name__}.{name}", rows[len(values)], values


def test_every_kind_has_a_case():
    assert set(ROOTS) == set(kinds())


# --- order and reach -------------------------------------------------------------------------------------------------


def placed_in(estates):
    return estates.flow, estates.residents


def first_onsets(estates, occasion):
    """First onset of each entity, calls left out, with its hop."""
    found: dict[str, tuple[int, int | None]] = {}
    for impact in truth.impacts(estates, occasion):
        if ARROW not in impact.entity:
            onset, hop = found.get(impact.entity, (impact.onset_s, impact.hop))
            found[impact.entity] = min(onset, impact.onset_s), hop
    return found


@pytest.mark.parametrize(("kind", "starts"), CASES)
def test_the_root_is_hit_first_and_each_hop_no_earlier_than_one_that_it_came_from(kind, starts):
    """For all affected e ≠ root: onset(root) ≤ onset(e), and some affected n one hop nearer has onset(n) ≤ onset(e)."""
    estates, occasion = one(kind, starts)
    onsets = first_onsets(estates, occasion)
    assert onsets, "nothing was hit"
    assert onsets[occasion.root][1] == 0
    for entity, (onset, hop) in onsets.items():
        assert hop is not None
        nearer = [other for other, distance in onsets.values() if distance == hop - 1]
        assert onset >= onsets[occasion.root][0]
        assert hop == 0 or any(other <= onset for other in nearer), entity


def closure(estates, occasion):
    """Whom the declared spread reaches, by a library's walk over a graph with a layer for each stage."""
    flow = estates.flow
    graph = rustworkx.PyDiGraph()
    stages = range(len(occasion.kind.SPREADS) + 1)
    entities = {*flow.nodes.names, *estates.residents}
    place = {(stage, name): graph.add_node(name) for stage in stages for name in sorted(entities)}
    for stage, spread in enumerate(occasion.kind.SPREADS):
        for calls in (flow.edges, flow.echoes):
            for parent, child in zip(calls.parents, calls.children, strict=True):
                above, below = flow.nodes.names[parent], flow.nodes.names[child]
                source, target = (above, below) if spread == "callees" else (below, above)
                graph.add_edge(place[stage, source], place[stage, target], None)
        if spread == "sharers":
            for cluster, services in estates.residents.items():
                for service in services:
                    graph.add_edge(place[stage, cluster], place[stage, service], None)
        for name in entities:
            graph.add_edge(place[stage, name], place[stage + 1, name], None)
    start = place[0, occasion.root]
    return {graph[node] for node in {start, *rustworkx.descendants(graph, start)}}


@pytest.mark.parametrize(("kind", "starts"), CASES)
def test_whatever_is_affected_lies_within_the_declared_spread(kind, starts):
    """For all affected e: e ∈ closure(root, spread); for a call both ends."""
    estates, occasion = one(kind, starts)
    within = closure(estates, occasion)
    affected = {end for impact in truth.impacts(estates, occasion) for end in impact.entity.split(ARROW)}
    assert affected <= within
    assert set(reach.hops(occasion, estates.flow, estates.residents)) == within


@pytest.mark.parametrize("kind", sorted(ROOTS))
def test_whoever_an_effect_strikes_lies_within_the_declared_spread(kind):
    estates, occasion = one(kind)
    for effect in occasion.kind.effects():
        assert set(struck_by(occasion, effect, *placed_in(estates))) <= closure(estates, occasion)


def test_a_kind_that_declares_too_little_is_seen(monkeypatch):
    monkeypatch.setattr(MemoryLeak, "SPREADS", ())
    found = truth.impacts(*one("memory_leak"))
    assert {impact.entity for impact in found if impact.hop is None} >= {"checkout-service"}


# --- bits ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(ROOTS))
def test_the_other_half_keeps_every_bit(kind):
    """For all arrays a and rows r of the half without the root: a_with[r] = a_without[r]."""
    estates, occasion = one(kind)
    seen = difference.window(occasion)
    is_trading = occasion.root in TRADING
    differ = set()
    for (name, rows, with_it), (_, _, without) in zip(
        arrays(estates.solve(seen)), arrays(estates.solve(seen, nobody)), strict=True
    ):
        other = [place for place, row in enumerate(rows) if (row in TRADING) != is_trading]
        assert other
        assert np.array_equal(with_it[other], without[other]), name
        differ |= {name} if not np.array_equal(with_it, without) else set()
    leaves_alone = all(effect.parameter in metrics.LEAF_PARAMETERS for effect in occasion.kind.effects())
    assert bool(differ) != leaves_alone


@pytest.mark.parametrize("kind", sorted(ROOTS))
def test_recovery_returns_to_the_baseline_bit_for_bit(kind):
    """For all arrays a and ticks t < start or t ≥ end + look-back: a_with[t] = a_without[t]."""
    estates, occasion = one(kind)
    seen = difference.window(occasion)
    for piece in (Window(seen.stop, seen.stop + 240, 60), Window(seen.start - 240, seen.start, 60)):
        for (name, _, with_it), (_, _, without) in zip(
            arrays(estates.solve(piece)), arrays(estates.solve(piece, nobody)), strict=True
        ):
            assert np.array_equal(with_it, without), name


@pytest.mark.parametrize("kind", sorted(ROOTS))
def test_a_resolved_incident_is_the_same_until_then_and_gone_soon_after(kind):
    """For all ticks that end before the resolution the state is that without it; after recovery + look-back, none."""
    _, occasion = one(kind)
    start_s, at_s = occasion.start_s, occasion.start_s + (occasion.onset_s + occasion.stand_s // 2) // 60 * 60
    entry = {"incident": {"kind": kind, "on": [ROOTS[kind]], **LONG.get(kind, {})}, "starts": STARTS[0]}
    resolution = {"resolves": occasion.id, "at": f"{np.datetime64(at_s, 's')}"}
    open_ended, resolved = (Estates(scenario(ledger=lines)) for lines in ([entry], [entry, resolution]))
    (ended,) = resolved.occasions.between(start_s, start_s + 60)
    assert ended.end_s <= occasion.end_s
    assert ended.end_s - at_s <= occasion.recovery_s
    before = window(start_s - 600, at_s)
    after = window(ended.end_s + 60 * LOOK_BACK, ended.end_s + 60 * LOOK_BACK + 3600)
    for piece, other in ((before, open_ended.solve(before)), (after, open_ended.solve(after, nobody))):
        for (name, _, one_way), (_, _, other_way) in zip(arrays(resolved.solve(piece)), arrays(other), strict=True):
            assert np.array_equal(one_way, other_way), name


# --- schedules -------------------------------------------------------------------------------------------------------


def test_scheduled_incidents_are_the_same_whatever_window_asks_for_them():
    """For all cuts of a window: the incidents that start in it are those that start in its pieces."""
    estates = Estates(scenario(SCHEDULED))
    whole = window(DAY_S - 11 * 86400, DAY_S + 9 * 86400)
    cuts = [whole.start, *range(whole.start + 1234, whole.stop, 3771), whole.stop]
    pieces = [truth.starting(estates, Window(since, until, 60)) for since, until in pairwise(cuts)]
    assert len(cuts) > 8
    assert [occasion for piece in pieces for occasion in piece] == truth.starting(estates, whole)
    assert len(truth.starting(estates, whole)) > 50


def test_another_incident_changes_no_id_and_no_time():
    alone = Estates(scenario(SCHEDULED)).occasions.between(DAY_S, DAY_S + 10 * 86400)
    more = {
        "scheduled": {"surges": {"incident": {"kind": "traffic_surge"}, "per_day": 4}, **SCHEDULED["scheduled"]},
        **placed("circuit_breaker"),
    }
    together = Estates(scenario(more)).occasions.between(DAY_S, DAY_S + 10 * 86400)
    assert set(alone) < set(together)


def test_another_entity_changes_no_time_and_only_the_ids_of_what_strikes_it():
    """For all incidents: with one more service each has the same start, and strikes the same one or the new one."""
    service = {
        "type": "api", "cluster": "prod-shop-cluster", "level": "auth", "entry": {},
        "cpu_millicores": {"request": 1, "limit": 2}, "memory_mib": {"request": 1, "limit": 2},
    }  # fmt: skip
    called = {"fee-service": {"per_request": 0.1}}
    before = Estates(scenario(SCHEDULED)).occasions.between(DAY_S, DAY_S + 30 * 86400)
    known = scenario(SCHEDULED).estate.services["auth-service"]
    caller = {**msgspec.to_builtins(known), "depends_on": called}
    after = Estates(
        scenario(SCHEDULED, estate={"services": {"fee-service": service, "auth-service": caller}})
    ).occasions.between(DAY_S, DAY_S + 30 * 86400)
    taken = [occasion for occasion in after if occasion.root == "fee-service"]
    kept = {occasion.id: occasion for occasion in after if occasion.root != "fee-service"}
    assert taken
    assert set(kept) < {occasion.id for occasion in before}
    assert all(kept[occasion.id] == occasion for occasion in before if occasion.id in kept)
    assert sorted(o.start_s for o in before) == sorted(o.start_s for o in after)


def test_a_placed_incident_keeps_whom_it_strikes_when_another_is_placed_before_it():
    here = {"incident": {"kind": "bad_deploy"}, "starts": "2025-03-05T12:00"}
    there = {"incident": {"kind": "bad_deploy"}, "starts": "2025-03-05T02:00"}
    (alone,) = Estates(scenario({"placed": [here]})).occasions.between(DAY_S, DAY_S + 86400)
    assert alone in Estates(scenario({"placed": [there, here]})).occasions.between(DAY_S, DAY_S + 86400)


# --- differences -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [1, 7, 31, 45])
@pytest.mark.parametrize("kind", ["payment_timeout", "node_loss", "credential_compromise"])
def test_impact_does_not_depend_on_the_pieces_that_it_is_solved_in(monkeypatch, kind, length):
    estates, occasion = one(kind)
    whole = truth.impacts(estates, occasion)
    monkeypatch.setattr(difference, "TICKS_AT_ONCE", length)
    assert truth.impacts(estates, occasion) == whole


def test_overlapping_incidents_are_left_out_one_at_a_time():
    """For incidents that do not meet in the graph, impact together is impact alone."""
    both = placed("payment_timeout")["placed"] + placed("node_loss")["placed"]
    together = Estates(scenario({"placed": both}))
    for occasion in truth.starting(together, window(DAY_S, DAY_S + 86400)):
        alone, _ = one(occasion.name)
        assert truth.impacts(together, occasion) == truth.impacts(alone, occasion)


# --- requests --------------------------------------------------------------------------------------------------------

WINDOWS = st.tuples(st.integers(0, 2**40), st.integers(DAY_S // 60 - 1440, DAY_S // 60 + 1440), st.integers(1, 400))
TROUBLED = {
    "placed": [
        {"incident": {"kind": kind, "on": [ROOTS[kind]], "minutes": [600, 600]}, "starts": f"2025-03-0{day}T{hour}:00"}
        for kind, day, hour in (
            ("payment_timeout", 4, "08"), ("connection_pool_exhaustion", 5, "09"), ("pod_scaling_failure", 4, "14"),
            ("authentication_failure", 5, "20"), ("traffic_surge", 4, "20"), ("circuit_breaker", 5, "02"),
        )
    ]
}  # fmt: skip
LIGHT = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def troubled(drawn):
    seed, start, length = drawn
    return Estates(scenario(TROUBLED, seed=seed)).solve(Window(start, start + length, 60))


@LIGHT
@given(WINDOWS)
def test_what_slots_send_is_what_children_get(drawn):
    """For all nodes n and ticks: requests(n) = entered(n) + echoed(n) + Σ attempts of slots into n, cause by cause."""
    conserved(troubled(drawn))


def conserved(state):
    flow, seen = state.flow, state.outcomes
    served, late, failed = np.zeros((3, len(flow.nodes), len(state.window)), dtype=np.int64)
    for cell, node in enumerate(flow.entries.nodes):
        served[node] += seen.entered[cell] - seen.entry_failed[cell]
        failed[node] += seen.entry_failed[cell]
    for slot, edge in enumerate(flow.slots.edges):
        child = flow.edges.children[edge]
        served[child] += seen.call_served[slot]
        late[child] += seen.call_late[slot]
        failed[child] += seen.call_failed[slot] - seen.call_late[slot]
    assert not len(flow.echoes)
    for counted, mine in ((seen.served, served), (seen.late, late), (seen.failed, failed)):
        assert np.array_equal(counted, mine)
    assert np.array_equal(seen.requests, served + late + failed)
    for values in (seen.served, seen.late, seen.failed, seen.own_failed, seen.call_served, seen.call_refused):
        assert (values >= 0).all()


@LIGHT
@given(WINDOWS)
def test_attempts_split_into_served_and_failed(drawn):
    """Lost calls are failed requests, R + 1 failed attempts each unless refused; late ones are among the failed."""
    state = troubled(drawn)
    flow, seen = state.flow, state.outcomes
    retries = flow.edges.retries[flow.slots.edges][:, None]
    assert (seen.call_late <= seen.call_failed).all()
    assert (seen.own_failed <= seen.failed).all()
    for node, slots in enumerate(flow.slots.of):
        lost = seen.failed[node] - seen.own_failed[node]
        if not slots:
            assert not lost.any()
            continue
        places = list(slots)
        exhausted = seen.call_failed[places] // (retries[places] + 1) + seen.call_refused[places]
        assert (exhausted.sum(axis=0) >= lost).all()
        if not retries[places].any():
            assert np.array_equal(exhausted.sum(axis=0), lost)
        past = seen.served[node] + seen.late[node]
        assert (seen.call_served[places] <= past + lost).all()
        for slot in places:
            if flow.slots.shares[slot] >= 1:
                assert (seen.call_served[slot] >= past).all()


@LIGHT
@given(WINDOWS, st.integers(0, 400))
def test_two_halves_of_a_window_concatenate_to_the_whole(drawn, cut):
    """For all a ≤ b ≤ c: S[a, c) = S[a, b) + S[b, c), array by array."""
    seed, start, length = drawn
    middle = start + min(cut, length)
    estates = Estates(scenario(TROUBLED, seed=seed))
    whole, left, right = (
        {name: values for name, _, values in arrays(estates.solve(Window(since, until, 60)))}
        for since, until in ((start, start + length), (start, middle), (middle, start + length))
    )
    for name, values in whole.items():
        assert np.array_equal(values, np.concatenate([left[name], right[name]], axis=1)), name


# --- what the laws are there to catch --------------------------------------------------------------------------------


INFLUENCES = sys.modules["ghostfleet.state.estate.influences"]  # a function of that name stands before it


def test_an_incident_that_never_quite_ends_is_seen(monkeypatch):
    def lasting(occasion, shape, seconds):
        return np.maximum(envelope(occasion, shape, seconds), 1e-9 * (seconds > occasion.start_s))

    monkeypatch.setattr(INFLUENCES, "envelope", lasting)
    estates, occasion = one("bad_deploy")
    honest = estates.occasions.between
    monkeypatch.setattr(estates.occasions, "between", lambda _since_s, until_s: honest(DAY_S, until_s))
    with pytest.raises(AssertionError):
        test_recovery_returns_to_the_baseline_bit_for_bit(occasion.name)


def test_an_effect_on_everybody_is_seen(monkeypatch):
    monkeypatch.setattr(INFLUENCES, "struck", lambda _occasion, _effect, flow, _residents: flow.nodes.names)
    with pytest.raises(AssertionError):
        test_the_other_half_keeps_every_bit("bad_deploy")


def test_victims_by_their_place_in_a_list_are_seen(monkeypatch):
    monkeypatch.setattr(
        occasions, "_chosen", lambda candidates, _stream, index: candidates[index * 7919 % len(candidates)]
    )
    with pytest.raises(AssertionError):
        test_another_entity_changes_no_time_and_only_the_ids_of_what_strikes_it()


def test_a_late_request_that_is_counted_twice_is_seen(monkeypatch):
    honest = outcomes._Split._arrive

    def twice(split, part, served, failed):
        honest(split, part, served, failed)
        for child, late in zip(part.children, split.call_late[part.level.slots], strict=True):
            split.failed[child] += late

    monkeypatch.setattr(outcomes._Split, "_arrive", twice)
    with pytest.raises(AssertionError):
        conserved(troubled((42, DAY_S // 60 - 600, 1200)))
