"""Work follows traffic: part of a host's CPU, writes and touched memory is what its requests cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.state.hosts.parameters import Draws, table

if TYPE_CHECKING:
    from ghostfleet.core.arrays import F32, F64, I64, Bool
    from ghostfleet.world.hosts import HostFleet

LEAST_KB_S = 0.3
LEAST_SHARE = 0.01  # what follows by less does not follow


@dataclass(frozen=True, slots=True)
class Work:
    """Shares of levels that follow traffic, per host."""

    shares: dict[str, F64]
    readers: dict[str, F64]  # shares that follow what is read, on hosts that read all the time
    memory_share: F64
    most: float
    most_memory: float

    def follows(self, rows: I64) -> Bool:
        """Whether the work of some hosts follows their traffic."""
        follows: Bool = np.any([share[rows] > 0 for share in self.shares.values()], axis=0)
        return follows

    def traffic(self, inbound: F32, outbound: F32, level: F64) -> F32:
        """Traffic over its level, shape (hosts, parts of ticks)."""
        ratio = inbound + outbound
        ratio *= (1 / np.maximum(level, LEAST_KB_S))[:, None].astype(np.float32)
        np.minimum(ratio, np.float32(self.most), out=ratio)
        ratio[level <= 0] = 1
        return ratio

    def factor(self, metric: str, traffic: F32, rows: I64) -> F32:
        """Factor of a metric's level on some hosts; shape of their traffic."""
        share = self.shares[metric][rows, None].astype(np.float32)
        out: F32 = share * traffic
        out += 1 - share
        return out

    def reading(self, metric: str, read: F32, level: F64, rows: I64) -> F32:
        """Factor of a metric's level on hosts that read all the time: what is read is worked on and written back."""
        share = self.readers[metric][rows, None].astype(np.float32)
        out: F32 = read * (1 / np.maximum(level, LEAST_KB_S))[:, None].astype(np.float32)
        np.minimum(out, np.float32(self.most), out=out)
        out *= share
        out += 1 - share
        return out

    def memory(self, cpu: F32, level: F64, rows: I64) -> F32:
        """Factor of touched memory, by the CPU at work in each tick over its level."""
        busy = cpu * (1 / level[rows, None]).astype(np.float32)
        np.minimum(busy, np.float32(self.most_memory), out=busy)
        share = self.memory_share[rows, None].astype(np.float32)
        out: F32 = 1 - share + share * busy
        return out


def work(fleet: HostFleet, levels: dict[str, F64]) -> Work:
    """What traffic costs each host: of a level no more than the traffic can have caused."""
    options = table("work")
    draws = Draws(fleet.seed, "work", fleet.ids)
    scale = 0.0 if "shared" in fleet.without else 1.0
    traffic = levels["inbound"] + levels["outbound"]

    def share(metric: str) -> F64:
        caused = traffic * draws.spread(f"{metric} per KB", options[f"{metric}_per_kb"]) / levels[metric]
        follows = scale * draws.between(metric, options[f"{metric}_range"]) * np.minimum(caused, 1.0)
        return np.where(follows < LEAST_SHARE, 0.0, follows)

    return Work(
        shares={metric: share(metric) for metric in ("cpu", "write")},
        readers={
            metric: scale * draws.between(f"reading {metric}", bounds) for metric, bounds in options["reading"].items()
        },
        memory_share=scale
        * draws.between("memory", options["memory_range"])
        * np.minimum(levels["cpu"] / options["memory_busy"], 1.0),
        most=options["most"],
        most_memory=options["most_memory"],
    )
