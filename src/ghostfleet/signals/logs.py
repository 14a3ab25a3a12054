"""Lines that services write about requests: one for each that they answered, and one for what went wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.core.batch import Batch, Digits, Hex, Plain, Spelled, Text
from ghostfleet.core.table import Kind, Table, absent, column, text
from ghostfleet.signals import StateObserver
from ghostfleet.signals.spans import AT_ONCE, FOLLOWED, Spans, Texts, notes
from ghostfleet.state.estate.calling import LATE, REFUSED, SERVED, TIMED_OUT
from ghostfleet.state.estate.traces import Steps, steps
from ghostfleet.world import flow as flows
from ghostfleet.world import web
from ghostfleet.world.flow.draft import SERVICE, WEB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ghostfleet.core.batch import Values
    from ghostfleet.core.window import Window
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import State

NEEDS: tuple[str, ...] = ("estate",)
INFO, WARN, ERROR = 9, 13, 17  # severity numbers of OpenTelemetry
SEVERITIES = {INFO: "INFO", WARN: "WARN", ERROR: "ERROR"}
FIRST_ERROR, FIRST_FAILURE = 400, 500


TABLE = Table(
    "logs",
    "lines that services write about requests",
    (
        column("time", Kind.TIME, "when it was written, UTC", resolution=0.000_001),
        text("line_id", "unique id: the span, and which of its lines", spelled=True),
        text("trace_id", "trace of the request", spelled=True),
        text("span_id", "span of the request", spelled=True),
        text("service.name", "service that wrote it"),
        text("severity_text", "how bad it is", values=tuple(SEVERITIES.values())),
        column("severity_number", Kind.I64, "the same as a number", low=1, high=24),
        text("body", "what it says", spelled=True, search="text"),
        absent("user_id", Kind.TEXT, "who asked; absent where a service did", spelled=True),
    ),
    keys=("line_id",),
    order=("trace_id", "time", "line_id"),
    group="requests",
)
SAID = ("failed", "failed: the caller had given up", "refused by an open circuit breaker")
__all__ = ["NEEDS", "TABLE", "notes", "observer"]


def observer(scenario: Scenario) -> StateObserver:
    """Make the signal ready for a scenario."""
    return Logs(scenario).ready()


class Logs:
    """The signal of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        """Look up what does not change."""
        self._flow = flows.build(scenario)
        self._spans = Spans(scenario)
        self._texts = _Bodies(self._flow)

    def ready(self) -> StateObserver:
        """The observer."""
        spans = self._spans.ready()
        return StateObserver(
            TABLE, spans.entities, self.observe, spans.expected, is_detailed=True, ticks_at_once=spans.ticks_at_once
        )

    def observe(self, state: State, window: Window) -> Iterator[Batch]:
        """Rows of a window, trace after trace."""
        del window
        kinds = self._flow.nodes.kinds
        for all_of in steps(state, self._spans.cells, FOLLOWED, self._flow.estate.trace_share):
            kind = kinds.take(all_of.node)
            some = _as_written(all_of.some(np.flatnonzero((kind == SERVICE) | (kind == WEB))))
            for start in range(0, len(some), AT_ONCE):
                yield Batch(TABLE, self._columns(some.slice(start, start + AT_ONCE)))

    def _columns(self, some: Steps) -> dict[str, Values]:
        """One line of each request, and a second one of each that went wrong, before it."""
        bad = some.ending != SERVED
        repeats = 1 + bad
        row = np.repeat(np.arange(len(some)), repeats)
        first = np.concatenate([[True], row[1:] != row[:-1]]) if len(row) else np.zeros(0, dtype=np.bool_)
        is_cause = first & bad.take(row)
        lines = some.some(row)
        status = lines.status
        severity = np.where(status >= FIRST_FAILURE, ERROR, np.where(status >= FIRST_ERROR, WARN, INFO))
        severity = np.where(is_cause | (lines.ending != SERVED), ERROR, severity)
        ms = lines.us // 1000
        body = Spelled(
            (
                Text(self._texts.opening(lines, is_cause), self._texts.openings),
                Digits(ms),
                ".",
                Digits(lines.us % 1000, 3),
                " ms",
            )
        )
        entered = lines.edge < 0
        return {
            "time": Plain(lines.start_us + lines.us),
            "line_id": Spelled((Hex(lines.id), "-", Digits(np.where(is_cause | ~bad.take(row), 0, 1)))),
            "trace_id": Spelled((Hex(lines.second.astype(np.uint64), 8), Hex(lines.trace), Hex(lines.rest, 8))),
            "span_id": Spelled((Hex(lines.id),)),
            "service.name": Text(lines.node, self._flow.nodes.names),
            "severity_text": Text(np.searchsorted(np.array(list(SEVERITIES)), severity), tuple(SEVERITIES.values())),
            "severity_number": Plain(severity),
            "body": body,
            "user_id": Spelled(("user_", Digits(lines.who)), ~entered),
        }


def _as_written(some: Steps) -> Steps:
    """The same in the order in which lines were written, trace after trace."""
    new = np.ones(len(some), dtype=np.int64)
    new[1:] = (some.trace[1:] != some.trace[:-1]) | (some.second[1:] != some.second[:-1])
    return some.some(np.lexsort((some.id, some.start_us + some.us, np.add.accumulate(new))))


class _Bodies:
    """Beginnings of lines: what was asked for and answered, or what went wrong and where."""

    def __init__(self, flow: flows.Flow) -> None:
        texts = Texts(flow)
        self.statuses = np.array(sorted({200, 201, 202, 204, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504}))
        answers = [f"{name} {status} in " for name in texts.names for status in self.statuses]
        causes = [
            f"{name} {said} after "
            for name in flow.shown
            for said in ("failed", "did not answer in time", "is not called: circuit open,")
        ]
        self.openings = (*answers, *causes)
        self._causes = len(answers)

    def opening(self, lines: Steps, is_cause: np.ndarray) -> np.ndarray:
        """Which beginning each line has."""
        name = np.where(lines.route >= 0, lines.route, len(web.routes()) + lines.node)
        answer = name * len(self.statuses) + np.searchsorted(self.statuses, lines.status)
        how = np.where(lines.cause == REFUSED, 2, np.where((lines.cause == TIMED_OUT) | (lines.ending == LATE), 1, 0))
        blame = np.where(lines.blame >= 0, lines.blame, lines.node)
        return np.where(is_cause, self._causes + blame * 3 + how, answer)
