"""A story that a scenario tells in steps, and what data must look like while it is told.

Server, page and presenter read the same steps. Figures of documents stand beside what is measured; they give the shape,
and money is never compared with them other than step against step.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  msgspec reads the annotations
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ghostfleet.core.window import MINUTE_S
from ghostfleet.spec import moments

CALM = "calm"  # name of the stretch before a story

Offset = Annotated[str, Meta(description="14h30m since the start of the span, or an ISO time")]
Take = Literal["mean", "max", "min", "sum", "total", "per_hour", "distinct"]
Bound = Annotated[float | None, Meta(description="of what is measured")]


class Stretch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Some minutes of a scenario."""

    at: Offset
    minutes: Annotated[int, Meta(ge=1, le=60 * 24 * 31, description="for which it lasts")]

    def __post_init__(self) -> None:
        """Refuse what is no time."""
        moments.instant(self.at, "at", 0)

    def span_s(self, since_s: int) -> tuple[int, int]:
        """Half-open seconds in a scenario whose span starts at an instant."""
        at_s = moments.instant(self.at, "at", since_s)
        return at_s, at_s + self.minutes * MINUTE_S


class Step(Stretch, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One step of a story: what happens in its minutes, and how long a presenter speaks of it."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]*$")]
    title: str
    seconds: Annotated[float, Meta(gt=0, le=3_600, description="for which it is shown")]
    notes: Annotated[str, Meta(description="what the presenter says")] = ""
    documented: Annotated[dict[str, float], Meta(description="figures of documents, by name and unit")] = {}


class Story(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A story, its steps in the order in which they are told."""

    title: str
    summary: Annotated[str, Meta(description="a few sentences")]
    value: Annotated[str, Meta(description="what documents say that it is worth")] = ""
    source: Annotated[str, Meta(description="of those figures")] = ""
    calm: Annotated[Stretch | None, Meta(description="minutes in which nothing of it has begun")] = None
    steps: Annotated[tuple[Step, ...], Meta(min_length=1)]

    def __post_init__(self) -> None:
        """Refuse two steps of one name."""
        names = [step.name for step in self.steps]
        for place, name in enumerate(names):
            if name == CALM or name in names[:place]:
                msg = f"steps.{place}.name: the name {name!r} is taken"
                raise ValueError(msg)

    @property
    def seconds(self) -> float:
        """How long it takes to tell."""
        return sum(step.seconds for step in self.steps)

    def stretches(self) -> dict[str, Stretch]:
        """Everything that an outline may name, in the order of the story."""
        calm = {} if self.calm is None else {CALM: self.calm}
        return {**calm, **{step.name: step for step in self.steps}}


class Outline(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How one column moves: over all steps beside a documented figure, or in one step between bounds.

    What is measured may be a change from a stretch, and then be divided by that of another: a figure is divided by that
    of the same step, so that only its shape counts.
    """

    column: str
    where: Annotated[dict[str, str], Meta(description="texts that other columns have")] = {}
    take: Annotated[Take, Meta(description="of its values in a step; total: of each time's sum, the mean")] = "mean"
    change_from: Annotated[str | None, Meta(description="step, or calm, whose value is taken away first")] = None
    relative_to: Annotated[str | None, Meta(description="step, or calm, by whose value it is divided")] = None
    documented: Annotated[str | None, Meta(description="figure of all steps that it follows")] = None
    within_share: Annotated[float, Meta(ge=0, le=1, description="how far from the figure it may be, as a share")] = 0.0
    within: Annotated[float, Meta(ge=0, description="… and as a difference; the wider of both counts")] = 0.0
    step: Annotated[str | None, Meta(description="step, or calm, that bounds speak of")] = None
    at_least: Bound = None
    at_most: Bound = None

    def __post_init__(self) -> None:
        """Refuse what says nothing, or two things at once."""
        bounds = (self.step, self.at_least, self.at_most)
        if (self.documented is None) is (bounds == (None, None, None)):
            msg = "it says either documented, or step with at_least or at_most"
            raise ValueError(msg)
        if self.documented is None and (self.step is None or bounds[1:] == (None, None)):
            msg = "step, and at_least or at_most, go together"
            raise ValueError(msg)

    @property
    def named(self) -> dict[str, str]:
        """Stretches that it names, by the key that does."""
        found = {key: getattr(self, key) for key in ("change_from", "relative_to", "step")}
        return {key: name for key, name in found.items() if name is not None}


def ensure_known(story: Story | None, outlines: Mapping[str, tuple[Outline, ...]]) -> None:
    """Raise ValueError at the first outline that names a step or a figure that the story has not."""
    known = {} if story is None else story.stretches()
    for table, of_table in outlines.items():
        for place, one in enumerate(of_table):
            path = f"expect.{table}.{place}"
            for key, name in one.named.items():
                if name not in known:
                    said = f"valid are {', '.join(known)}" if known else "the scenario tells no story"
                    msg = f"{path}.{key}: there is no step {name!r}; {said}"
                    raise ValueError(msg)
            for step in () if one.documented is None else _steps(story):
                if one.documented not in step.documented:
                    msg = f"{path}.documented: the step {step.name} has no figure {one.documented!r}"
                    raise ValueError(msg)
            if one.documented is not None and story is None:
                msg = f"{path}.documented: the scenario tells no story"
                raise ValueError(msg)
            if one.documented is not None and one.relative_to == CALM:
                msg = f"{path}.relative_to: calm has no documented figures; name a step"
                raise ValueError(msg)


def _steps(story: Story | None) -> tuple[Step, ...]:
    return () if story is None else story.steps
