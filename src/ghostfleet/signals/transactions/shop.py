"""What checkouts show of the shop itself: its gateways, memory, threads and breakers, tick by tick."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.world import web
from ghostfleet.world.flow.draft import EXTERNAL
from ghostfleet.world.markets import SHOP

if TYPE_CHECKING:
    from ghostfleet.state.estate import State
    from ghostfleet.world.flow import Flow

PAYMENT, ORDER = "payment-service", "order-service"
ROOMY, FULL = 50.0, 88.0  # per cent of memory: up to the one no failure is for lack of it, from the other on all are
OPEN_FROM = 0.25  # share of calls that are refused, from which on a breaker is open; below it is that of a pod
IDLE_THREADS, BUSY_THREADS = 8.5, 16.0  # per cent of its threads: always busy, and with requests at the reference


class Shop:
    """What the state says of the shop at each tick."""

    def __init__(self, state: State, flow: Flow) -> None:
        """Look up how busy, full and guarded the shop is."""
        self.flow, self.state = flow, state
        place = flow.places[SHOP]
        names = state.leaves.services
        cpu, memory = state.used
        row = names.index(SHOP)
        self.cpu, self.memory = cpu[row], memory[row]
        self.short = np.zeros((len(flow.nodes), len(state.window)))  # share of failures of its own for lack of memory
        for number, name in enumerate(names):
            scarce = np.clip((memory[number] - ROOMY) / (FULL - ROOMY), 0.0, 1.0)
            self.short[flow.places[name]] = scarce * scarce * scarce
        busy = state.rates.attempts[place] * state.rates.answers.served_mean[place]
        nodes = flow.nodes
        usual = nodes.rates[place] * (nodes.own_ms[place] + _called_ms(flow, place))
        self.threads = np.minimum(IDLE_THREADS + BUSY_THREADS * busy / max(usual, 1e-9), 100.0)
        partners = gateways(flow)
        self.gateways = tuple(flow.shown[node] for node in partners)
        self.code = np.full(len(flow.nodes) + 1, -1, dtype=np.int64)
        self.code[list(partners)] = np.arange(len(partners))
        slots = list(partners.values())
        self.ends = web.ends(flow.slots.shares[slots].tolist()) if slots else np.ones(1)
        refused = state.rates.answers.refused
        self.refusing = (
            refused[flow.slots.edges[slots]] >= OPEN_FROM if slots else np.zeros((1, refused.shape[1]), bool)
        )


def gateways(flow: Flow) -> dict[int, int]:
    """Partners that take the payments, as nodes, with the slots in which they are called."""
    payment = flow.places.get(PAYMENT, -1)
    slots = flow.slots.of[payment] if payment >= 0 else ()
    children = {int(flow.edges.children[flow.slots.edges[slot]]): slot for slot in slots}
    return {node: slot for node, slot in children.items() if flow.nodes.kinds[node] == EXTERNAL}


def _called_ms(flow: Flow, place: int) -> float:
    """Time of the calls of a request at the reference."""
    total = 0.0
    for slot in flow.slots.of[place]:
        child = int(flow.edges.children[flow.slots.edges[slot]])
        if not flow.edges.asynchronous[flow.slots.edges[slot]]:
            total += float(flow.slots.shares[slot]) * (float(flow.nodes.own_ms[child]) + _called_ms(flow, child))
    return total
