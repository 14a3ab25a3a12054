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
    from collections.abc import Iterator, Mapping

    from ghostfleet.core.arrays import I64, Bool
    from ghostfleet.core.batch import Values
    from ghostfleet.core.window import Window
    from ghostfleet.signals import Expected, Extent
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
SAID = ("failed after ", "did not answer in time after ", "is not called: circuit open", "found its caller gone after ")
ANSWERED, UNANSWERED, UNCALLED, UNHEARD = range(len(SAID))
UNTIMED = -1  # a call that was not made took no time
# Of times in ms: what stands before the last three digits, those, led by zeros where something does, and the rest.
THOUSANDS = ("", *map(str, range(1, 10_000)))
UNITS = (*map(str, range(1000)), *(f"{number:03}" for number in range(1000)), "")
FRACTIONS = (*(f".{number:03} ms" for number in range(1000)), "")
__all__ = ["NEEDS", "TABLE", "expectations", "notes", "observer"]


def expectations(scenario: Scenario, extent: Extent | None = None) -> Mapping[str, Expected]:
    """What checks may expect: what lines say of requests that went wrong."""
    del scenario, extent
    return {"expected_sayings": [{"said": said.strip()} for said in SAID]}


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
            written = _as_written(all_of, np.flatnonzero((kind == SERVICE) | (kind == WEB)))
            some, cause_us = all_of.some(written), self._cause_us(all_of)[written]
            for start in range(0, len(some), AT_ONCE):
                stop = start + AT_ONCE
                yield Batch(TABLE, self._columns(some.slice(start, stop), cause_us[start:stop]))

    def _cause_us(self, some: Steps) -> I64:
        """How long what went wrong took: the call, as long as anybody waited for it, or the request itself."""
        limits_us = (1000 * np.append(self._flow.edges.timeouts_ms, np.inf)).take(some.edge)
        cause_us = np.where(some.callee >= 0, UNTIMED, some.us)
        failing, calls = some.lacked()
        cause_us[failing] = np.minimum(some.us[calls], limits_us[calls]).astype(np.int64)
        return cause_us

    def _columns(self, some: Steps, cause_us: I64) -> dict[str, Values]:
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
        opening = Text(self._texts.opening(lines, is_cause), self._texts.openings)
        body = Spelled((opening, *_duration(np.where(is_cause, cause_us.take(row), lines.us))))
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


def _as_written(some: Steps, places: I64) -> I64:
    """Some of the requests in the order in which their lines were written, trace after trace."""
    trace, second = some.trace[places], some.second[places]
    new = np.ones(len(places), dtype=np.int64)
    new[1:] = (trace[1:] != trace[:-1]) | (second[1:] != second[:-1])
    return places[np.lexsort((some.id[places], (some.start_us + some.us)[places], np.add.accumulate(new)))]


def _duration(us: I64) -> tuple[Text, Text, Text]:
    """Spell times in ms to the microsecond, and nothing where there is none."""
    ms, timed = us // 1000, us >= 0
    thousands = np.clip(ms // 1000, 0, len(THOUSANDS) - 1)
    units = ms % 1000 + 1000 * (thousands > 0)
    return (
        Text(thousands, THOUSANDS),
        Text(np.where(timed, units, len(UNITS) - 1), UNITS),
        Text(np.where(timed, us % 1000, len(FRACTIONS) - 1), FRACTIONS),
    )


class _Bodies:
    """Beginnings of lines: what was asked for and answered, or what went wrong and where."""

    def __init__(self, flow: flows.Flow) -> None:
        texts = Texts(flow)
        self.statuses = np.array(sorted({200, 201, 202, 204, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504}))
        answers = [f"{name} {status} in " for name in texts.names for status in self.statuses]
        causes = [f"{name} {said}" for name in flow.shown for said in SAID]
        self.openings = (*answers, *causes)
        self._causes = len(answers)

    def opening(self, lines: Steps, is_cause: Bool) -> I64:
        """Which beginning each line has."""
        name = np.where(lines.route >= 0, lines.route, len(web.routes()) + lines.node)
        answer = name * len(self.statuses) + np.searchsorted(self.statuses, lines.status)
        whom = np.where(lines.callee >= 0, lines.callee, lines.node)
        how = np.where(lines.cause == TIMED_OUT, UNANSWERED, ANSWERED)
        how = np.where(lines.cause == REFUSED, UNCALLED, how)
        how = np.where(lines.blame == whom, how, ANSWERED)  # what it failed of is its own affair
        # Who takes too long does not know it: it is done, and nobody is there to answer.
        how = np.where((lines.ending == LATE) & (lines.callee < 0), UNHEARD, how)
        return np.where(is_cause, self._causes + whom * len(SAID) + how, answer)
