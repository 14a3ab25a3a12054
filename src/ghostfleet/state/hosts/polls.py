"""Polls: monitoring, heartbeats, keep-alives; the same few kilobytes at even intervals, all day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ghostfleet.state.hosts.parameters import Draws, table
from ghostfleet.state.hosts.processes import sow
from ghostfleet.state.hosts.schedule import each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.core.arrays import F32, F64, I64, Bool
    from ghostfleet.core.scratch import Scratch
    from ghostfleet.world.hosts import HostFleet

AT_ONCE = 65_536  # edges of bins that are looked at together


@dataclass(frozen=True, slots=True)
class Polls:
    """Polls as columns, those of a host together."""

    host: I64
    period_s: F64
    phase_s: F64
    inbound_kb: F64
    outbound_kb: F64
    write_kb: F64
    trickles: Bool  # per host of the fleet: all that it writes by itself are single writes

    def of(self, metrics: Sequence[str], rows: I64, wanted: Bool) -> Polling:
        """Polls of some hosts, metric by metric and host by host, of those that are ``wanted``."""
        low, high = np.searchsorted(self.host, rows), np.searchsorted(self.host, rows, side="right")
        row, poll = each(np.arange(len(rows)), low, high)
        amounts = {"inbound": self.inbound_kb, "outbound": self.outbound_kb, "write": self.write_kb}
        none = np.zeros(len(poll))
        each_kb = np.array([amounts[metric][poll] if metric in amounts else none for metric in metrics])
        metric, some = np.nonzero(each_kb * wanted[:, row])
        series, poll = metric * len(rows) + row[some], poll[some]
        turn = np.arange(len(series)) - np.searchsorted(series, series)
        return Polling(series, turn, self.period_s[poll, None], self.phase_s[poll, None], each_kb[metric, some, None])


class Polling(msgspec.Struct, frozen=True):
    """Polls of series, as columns; those of a series one after the other."""

    series: I64
    turn: I64  # of a poll among those of its series
    period_s: F64
    phase_s: F64
    kb: F64

    def add(self, rates: F32, first: int, since_s: int, bin_s: int, scratch: Scratch) -> None:
        """Add rates to bins of some series, ``first`` and those after it; shape (series, bins)."""
        edges = since_s + np.arange(rates.shape[1] + 1, dtype=np.float64) * bin_s
        begin, end = np.searchsorted(self.series, (first, first + len(rates))).tolist()
        block = max(1, AT_ONCE // len(edges))
        for low in range(begin, end, block):
            mine = slice(low, min(low + block, end))
            turns = scratch.array("turns", (mine.stop - low, len(edges)), np.float64)
            np.subtract(edges, self.phase_s[mine], out=turns)
            turns /= self.period_s[mine]
            np.floor(turns, out=turns)
            kb_s = scratch.array("kb_s", (mine.stop - low, rates.shape[1]), np.float32)
            np.subtract(turns[:, 1:], turns[:, :-1], out=kb_s, casting="same_kind")
            kb_s *= (self.kb[mine] / bin_s).astype(np.float32)
            # Polls of one series are added one by one, in order; of several series at once.
            series, turn = self.series[mine] - first, self.turn[mine]
            for number in range(int(turn.min()), int(turn.max()) + 1):
                those = (turn == number).nonzero()[0]
                rates[series[those]] += kb_s[those]


def polls(fleet: HostFleet, levels: dict[str, F64]) -> Polls:
    """Polls of all hosts that have a network."""
    options = table("polls")
    networked = (levels["inbound"] > 0) | (levels["outbound"] > 0)
    host, draws = sow(fleet, "polls", options["mean"] * networked)
    period = np.array(options["period_s"], dtype=np.float64)[draws.choice("period", options["weights"])]
    amount = draws.spread("amount", options["amount_kb"])
    way = draws.uniform("way")
    one = (1 - options["both"]) / 2
    trickles = table("trickles")
    every = Draws(fleet.seed, "trickles", fleet.ids)
    slow = every.chance("some", trickles["share"]) & (levels["write"] < trickles["below_kb_s"])
    writer = slow.nonzero()[0]
    pause = (every.spread("amount", trickles["amount_kb"]) / levels["write"])[writer]
    np.maximum(pause, trickles["least_period_s"], out=pause)
    none, nothing = np.zeros(len(writer)), np.zeros(len(host))
    hosts = np.concatenate([host, writer])
    order = np.argsort(hosts, kind="stable")
    return Polls(
        hosts[order],
        np.concatenate([period, pause])[order],
        np.concatenate([draws.uniform("phase") * period, every.uniform("phase")[writer] * pause])[order],
        np.concatenate([np.where(way < one, 0.0, amount), none])[order],
        np.concatenate([np.where(way > 1 - one, 0.0, amount * draws.spread("tilt", (1.0, 0.6))), none])[order],
        np.concatenate([nothing, levels["write"][writer] * pause])[order],
        slow,
    )
