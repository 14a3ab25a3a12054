"""Whether rows move as a scenario expects of its story: what is measured in each step, beside what it should be.

Only what the expectations speak of is generated: their tables, in the minutes of their steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from ghostfleet import records
from ghostfleet.core.batch import Quanta, Spelled, Text, spelt
from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.window import HOUR_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ghostfleet.core.arrays import F64, Bool
    from ghostfleet.core.batch import Batch
    from ghostfleet.generate import Generator
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.spec.story import Outline, Stretch

    Rows = Mapping[tuple[str, str], Sequence[Batch]]  # by table and stretch


class Reading(msgspec.Struct, frozen=True):
    """What one expectation found in one step."""

    table: str
    outline: Outline
    step: str
    measured: float | None  # None where there is nothing to measure
    low: float | None
    high: float | None
    documented: float | None = None  # as documents say it, undivided

    @property
    def holds(self) -> bool:
        """Whether it is what it should be."""
        if self.measured is None:
            return False
        above = self.low is None or self.measured >= self.low
        return above and (self.high is None or self.measured <= self.high)

    @property
    def text(self) -> str:
        """One line for people."""
        where = "".join(f" of {name}" for name in self.outline.where.values())
        found = "nothing" if self.measured is None else f"{self.measured:.4g}"
        bounds = " to ".join("…" if bound is None else f"{bound:.4g}" for bound in (self.low, self.high))
        verdict = "" if self.holds else ", which it is not"
        return f"{self.step}: {self.table}.{self.outline.column}{where} is {found}, expected {bounds}{verdict}"


def readings(generator: Generator) -> list[Reading]:
    """Every expectation of a scenario's story, on rows made for it."""
    return judged(generator.scenario, rows_of(generator))


def rows_of(generator: Generator) -> dict[tuple[str, str], list[Batch]]:
    """Rows that the expectations need, by table and stretch; stretch by stretch, so that each is solved once."""
    scenario = generator.scenario
    wanted = _needed(scenario)
    found: dict[tuple[str, str], list[Batch]] = {}
    for name, stretch in _stretches(scenario).items():
        for table, names in wanted.items():
            if name in names:
                span_s = stretch.span_s(scenario.timeline.since_s)
                tasks = generator.plan_between(generator.tables([table]), *span_s).tasks
                found[table, name] = [batch for task in tasks for batch in generator.batches(task)]
    return found


def _needed(scenario: Scenario) -> dict[str, set[str]]:
    """Stretches in which each table is looked at."""
    steps = [] if scenario.story is None else [step.name for step in scenario.story.steps]
    return {
        table: {name for one in of_table for name in (*one.named.values(), *(steps if one.documented else ()))}
        for table, of_table in scenario.outlines().items()
    }


def judged(scenario: Scenario, rows: Rows) -> list[Reading]:
    """Every expectation of a scenario's story, on rows by table and stretch."""
    return [
        reading
        for table, of_table in scenario.outlines().items()
        for outline in of_table
        for reading in _of(scenario, table, outline, rows)
    ]


def _of(scenario: Scenario, table: str, outline: Outline, rows: Rows) -> Iterator[Reading]:
    _ensure_columns(table, outline)
    stretches = _stretches(scenario)

    def value(step: str) -> float | None:
        return _taken(rows.get((table, step), ()), outline, stretches[step])

    def measured(step: str) -> float | None:
        found = value(step)
        if found is None or outline.change_from is None:
            return found
        start = value(outline.change_from)
        return None if start is None else found - start

    divisor = 1.0 if outline.relative_to is None else measured(outline.relative_to)

    def divided(step: str) -> float | None:
        found = measured(step)
        return None if found is None or not divisor else found / divisor

    if outline.step is not None:
        yield Reading(table, outline, outline.step, divided(outline.step), outline.at_least, outline.at_most)
        return
    figures = {} if scenario.story is None else {one.name: one.documented for one in scenario.story.steps}
    key = str(outline.documented)
    # From calm, a figure is a change already; from a step, it becomes one.
    start = figures[str(outline.change_from)][key] if outline.change_from in figures else 0.0
    by = 1.0 if outline.relative_to is None else figures[outline.relative_to][key] - start
    for step, known in figures.items():
        figure = (known[key] - start) / by
        off = max(outline.within, outline.within_share * abs(figure))
        yield Reading(table, outline, step, divided(step), figure - off, figure + off, known[key])


def _ensure_columns(table: str, outline: Outline) -> None:
    names = records.signal(table).TABLE.names
    for name in (outline.column, *outline.where):
        if name not in names:
            msg = f"expect.{table}: there is no column {name!r}; valid are {', '.join(names)}"
            raise ScenarioError(msg)


def _stretches(scenario: Scenario) -> dict[str, Stretch]:
    return {} if scenario.story is None else scenario.story.stretches()


def _taken(batches: Iterable[Batch], outline: Outline, stretch: Stretch) -> float | None:
    """Value of one stretch; None where no row says anything, unless nothing is an answer."""
    times: list[F64] = []
    values: list[F64] = []
    words: set[str] = set()
    rows = 0
    for batch in batches:
        kept = _kept(batch, outline.where)
        column = batch[outline.column]
        if isinstance(column, Text):
            codes = np.asarray(column.codes)[kept]
            rows += int(np.count_nonzero(codes >= 0))
            words |= {column.vocabulary[code] for code in np.unique(codes[codes >= 0]).tolist()}
            continue
        if isinstance(column, Spelled):
            told = [text for text, keep in zip(spelt(column), kept.tolist(), strict=True) if keep and text is not None]
            rows += len(told)
            words.update(told)
            continue
        if isinstance(column, Quanta):
            found = column.floats()
        else:
            found = np.asarray(column.values).astype(np.float64)
            if column.missing is not None:
                found[column.missing] = np.nan
        kept &= ~np.isnan(found)
        rows += int(np.count_nonzero(kept))
        values.append(found[kept])
        times.append(np.asarray(getattr(batch["time"], "values", found))[kept])
    if outline.take == "per_hour":
        return rows / (stretch.minutes * 60 / HOUR_S)
    if outline.take == "distinct":
        return float(len(words) or len(np.unique(np.concatenate(values or [np.zeros(0)]))))
    if not rows or not values:
        return None
    return _folded(outline.take, np.concatenate(values), np.concatenate(times))


def _folded(take: str, values: F64, times: F64) -> float:
    if take == "total":
        return float(values.sum()) / len(np.unique(times))
    folds: dict[str, Callable[[F64], Any]] = {"mean": np.mean, "max": np.max, "min": np.min, "sum": np.sum}
    return float(folds[take](values))


def _kept(batch: Batch, where: Mapping[str, str]) -> Bool:
    kept = np.ones(len(batch), dtype=np.bool_)
    for name, text in where.items():
        column = batch[name]
        codes = column.codes if isinstance(column, Text) else np.full(len(batch), -1)
        place = column.vocabulary.index(text) if isinstance(column, Text) and text in column.vocabulary else -2
        kept &= np.asarray(codes) == place
    return kept
