"""The scenario model: what a user writes, as typed, immutable data."""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003  msgspec reads the annotations
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.window import DAY_S
from ghostfleet.spec import estate as estates
from ghostfleet.spec import story as stories
from ghostfleet.spec.data import Data
from ghostfleet.spec.estate import Estate
from ghostfleet.spec.fleet import Fleet
from ghostfleet.spec.hosts import ROW_S, TICK_S, Hosts
from ghostfleet.spec.parameters import Parameter
from ghostfleet.spec.story import Outline, Story


class Timeline(msgspec.Struct, frozen=True):
    """When a scenario happens, and at what grain; seconds, the span half-open and counted from the epoch."""

    since_s: int
    until_s: int
    tick_s: int  # grain at which the state is solved
    row_s: int  # grain of its rows unless --every says otherwise
    history_s: int | None = None  # window of a run that names none; None: all of the span


class Visualization(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How reports look (CAP-14); the size is that of a panel drawn alone, the overview is always 20 × 12."""

    theme: Literal["dark", "light"] = "dark"
    width_inches: Annotated[float, Meta(gt=0, le=100)] = 12.0
    height_inches: Annotated[float, Meta(gt=0, le=100)] = 6.0
    formats: Annotated[tuple[Literal["png", "pdf", "html"], ...], Meta(min_length=1)] = ("png", "html")


class Logging(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the run log holds."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    file: Annotated[
        str | None,
        Meta(description="path of the log; auto is logs/<command>-<start>.log beside the data, null is none"),
    ] = "auto"


class Execution(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the work is done; nothing here but the seed changes a value."""

    mode: Literal["local"] = "local"
    workers: Annotated[int, Meta(ge=1, le=256, description="most worker processes; small runs use fewer")] = 4
    random_seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 42


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A scenario. Sections that it leaves out bring no entities and no tables."""

    scenario: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]*$", description="its name")]
    title: Annotated[str, Meta(description="one line for lists")] = ""
    extends: Annotated[
        str | None,
        Meta(
            description="scenario whose values hold where this says nothing: a shipped one, or a .yaml file from here"
        ),
    ] = None
    tables: Annotated[tuple[str, ...], Meta(min_length=1, description="tables written unless --only says otherwise")]
    parameters: Annotated[
        dict[str, Parameter | None],
        Meta(description="what becomes a flag of the command line; null takes back a base's"),
    ] = {}
    aliases: Annotated[dict[str, str], Meta(description="other names of common options: output: to")] = {}
    expect: Annotated[
        dict[str, Annotated[int, Meta(ge=0)] | tuple[Outline, ...]] | None,
        Meta(description="per table: rows with default parameters, or how columns move; null takes back a base's"),
    ] = {}
    story: Annotated[Story | None, Meta(description="what its presenter tells, step by step")] = None
    data: Data | None = None
    fleet: Fleet | None = None
    hosts: Hosts | None = None
    estate: Estate | None = None
    visualization: Visualization = Visualization()
    logging: Logging = Logging()
    execution: Execution = Execution()

    def __post_init__(self) -> None:
        """Refuse two worlds with clocks of their own in one scenario."""
        for name, worlds in (("hosts", (self.data,)), ("estate", (self.data, self.hosts))):
            if getattr(self, name) is not None and any(world is not None for world in worlds):
                other = "servers (the sections data and fleet)" if self.data is not None else "hosts"
                msg = f"{name}: a scenario with {other} has no {name} beside them; give those one of their own"
                raise ValueError(msg)
        stories.ensure_known(self.story, self.outlines())

    @property
    def rows(self) -> dict[str, int]:
        """Rows that are expected, by table."""
        return {table: said for table, said in (self.expect or {}).items() if isinstance(said, int)}

    def outlines(self) -> dict[str, tuple[Outline, ...]]:
        """How columns are expected to move, by table."""
        return {table: said for table, said in (self.expect or {}).items() if not isinstance(said, int)}

    def has(self, sections: Sequence[str]) -> bool:
        """Whether it has all of these sections."""
        return all(getattr(self, section) is not None for section in sections)

    @property
    def machines(self) -> Hosts | Estate | None:
        """The section that brings hosts."""
        return self.hosts or self.estate

    @property
    def seed(self) -> int:
        """The run seed."""
        return self.execution.random_seed

    @property
    def timeline(self) -> Timeline:
        """Span, tick and row."""
        if self.estate is not None:
            since_s, until_s = self.estate.span_s
            history_s = self.estate.history_days * DAY_S
            # A story is over after some days, and one who says which days end now means all of them.
            is_long = until_s - since_s > history_s and self.estate.now is None
            # A span that ends now ends with a whole tick, and so do its rows.
            row_s = estates.ROW_S if self.estate.now is None else estates.TICK_S
            return Timeline(since_s, until_s, estates.TICK_S, row_s, history_s if is_long else None)
        if self.hosts is not None:
            return Timeline(*self.hosts.span_s, TICK_S, ROW_S)
        data = self.servers
        return Timeline(*data.span_s, data.tick_s, data.row_s)

    @property
    def now_s(self) -> int | None:
        """Time that counts as now, where the scenario says one: the end of its span."""
        return self.timeline.until_s if self.estate is not None and self.estate.now is not None else None

    @property
    def compressed(self) -> bool:
        """Whether files are compressed unless a flag says otherwise."""
        return self._main.compression

    @property
    def file_format(self) -> str | None:
        """Format of files that neither a flag nor a name asks for; None: the usual one."""
        return None if self.estate is None or self.estate.file_format == "csv" else self.estate.file_format

    @property
    def destination(self) -> str:
        """Where a run writes that names no destination."""
        return self._main.generated_data_path

    @property
    def _main(self) -> Estate | Hosts | Data:
        """The section that the scenario is about."""
        return self.estate or self.hosts or self.servers

    @property
    def servers(self) -> Data:
        """The data section; `ScenarioError` in a scenario without servers."""
        if self.data is None or self.fleet is None:
            msg = f"the scenario {self.scenario} has no servers: it needs the sections data and fleet"
            raise ScenarioError(msg)
        return self.data
