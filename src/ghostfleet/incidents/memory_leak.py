"""A service keeps what it should let go: memory grows, collecting it takes ever more time, and a restart helps."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ghostfleet.incidents import Effect, Incident, Onset, Recovery, Selector, Severity, Stand, Traffic, at_entries


class MemoryLeak(Incident, frozen=True, kw_only=True, tag="memory_leak"):
    """Memory climbs until a restart (COM-5: memory_pressure, COM-7; EST-17: 60 to 180 minutes)."""

    severity: Severity = "medium"
    onset: Onset = (1.0, 2.0)
    minutes: Stand = (60.0, 180.0)
    recovery: Recovery = (1.0, 2.0)
    memory_points: Annotated[
        float, Meta(ge=0, le=100, description="per cent of the limit, gained until the restart")
    ] = 38.0
    lost_share: Annotated[
        float, Meta(ge=0, lt=1, description="of its capacity, by the end: collecting garbage takes it")
    ] = 0.73
    slower: Annotated[float, Meta(ge=1, description="times its own time, by the end")] = 2.8
    pause_ms: Annotated[float, Meta(ge=0, description="by which collections delay a request in the end")] = 60.0

    failure: Annotated[float, Meta(ge=0, le=1, description="share that fails for lack of memory, by the end")] = 0.0
    cpu_points: Annotated[
        float, Meta(ge=0, le=100, description="points of CPU that collecting garbage takes, by the end")
    ] = 0.0
    traffic: Traffic = 1.0

    failing: Annotated[float, Meta(ge=1, description="times as long as usual, until such a failure is told")] = 1.0
    failure_after: Annotated[
        float,
        Meta(ge=0, le=1, description="share that fails right after the restart, fewer and fewer until it is warm"),
    ] = 0.0
    slower_after: Annotated[
        float, Meta(ge=1, description="times its own time right after the restart, less and less until it is warm")
    ] = 1.0

    WHOM = Selector("Service")
    SPREADS = ("callers", "callees", "sharers", "callees")
    TYPE = "performance"
    CAUSE = "software"
    TITLE = "{root} runs out of memory"
    PREVENTABLE = True
    USD_PER_MINUTE = 1_000.0

    def effects(self) -> tuple[Effect, ...]:
        """All grow with the leak; queueing makes of a steady loss of capacity slow answers first and failures last.

        A restart takes the memory back at once, but leaves caches empty and pods that are not up yet.
        """
        failures = (Effect("node.failure", self.failure, envelope="slide"), Effect("node.failing", self.failing))
        return (
            *(failures if self.failure else ()),
            *((Effect("node.cpu", self.cpu_points, envelope="climb"),) if self.cpu_points else ()),
            *((Effect("node.failure", self.failure_after, envelope="fade"),) if self.failure_after else ()),
            *((Effect("node.latency", self.slower_after, envelope="fade"),) if self.slower_after > 1 else ()),
            *at_entries(self.traffic, 0.0, 0.0),
            Effect("node.memory", self.memory_points, envelope="climb"),
            Effect("node.capacity", 1 - self.lost_share, envelope="climb"),
            Effect("node.latency", self.slower, envelope="climb"),
            Effect("node.delay_ms", self.pause_ms, envelope="climb"),
        )
