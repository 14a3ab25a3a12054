"""From a scenario, a window and some tables to tasks, and from a task to batches.

The plan depends on scenario, window, ``every`` and tables: never on the number of workers.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from ghostfleet import records, signals
from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.window import Window
from ghostfleet.spec import moments

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ghostfleet.core.batch import Batch
    from ghostfleet.core.table import Table
    from ghostfleet.spec.scenario import Scenario
    from ghostfleet.state.estate import Estates, State

    Piece = tuple[int, int, Window]  # entities [first, last) over a window of rows

ROWS_PER_TASK = 262_144
NODES_PER_TASK = 65_536  # or links; a batch is as long
SOLVED_IN_DETAIL = 360  # ticks at once, where single requests are followed: their state has more counts
TICKS_PER_BATCH = 45_056  # of all entities together: their arrays stay in cache, and a run below 60 MB


class Task(msgspec.Struct, frozen=True):
    """What one worker does at once: some entities of a table over a window of rows."""

    number: int
    table: str
    first: int  # entities [first, last)
    last: int
    window: Window  # of rows
    rows: int  # that it makes; of tables of events, that it is expected to make
    shares_state: bool = False  # with other tables' tasks of the same window
    is_snapshot: bool = False  # one row for each entity, as it stands at the window's end, and not one for each tick


class Plan(msgspec.Struct, frozen=True):
    """All tasks of a run, in the order of the output."""

    window: Window  # of rows as long as --every says; empty where none starts, and none is wanted
    tasks: tuple[Task, ...]
    span: Window  # in which all rows start: of ticks where some are single requests, else the same

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(task.rows for task in self.tasks)

    @property
    def entities(self) -> int:
        """Entities that have rows, table by table."""
        return len({(task.table, entity) for task in self.tasks for entity in range(task.first, task.last)})

    def of(self, table: str) -> list[int]:
        """Numbers of a table's tasks in output order."""
        return [task.number for task in self.tasks if task.table == table]

    def share(self, part: int, parts: int) -> Plan:
        """Part ``part`` of ``parts``, from 1: a contiguous stretch of tasks of each table."""
        kept: list[Task] = []
        for table in dict.fromkeys(task.table for task in self.tasks):
            mine = [task for task in self.tasks if task.table == table]
            kept += mine[len(mine) * (part - 1) // parts : len(mine) * part // parts]
        return Plan(self.window, tuple(kept), self.span)


class Generator:
    """A scenario ready to be cut into tasks and turned into batches; cheap to make again in each worker."""

    def __init__(self, scenario: Scenario) -> None:
        """Prepare the observers of the scenario lazily: a task needs one."""
        self.scenario = scenario
        self._observers: dict[str, signals.Observer | signals.StateObserver] = {}
        self._states: Estates | None = None
        self._solved: State | None = None

    def observer(self, table: str) -> signals.Observer | signals.StateObserver:
        """Observer of one table; `ScenarioError` when there is none."""
        if table not in self._observers:
            self._observers[table] = records.signal(table).observer(self.scenario)
        return self._observers[table]

    def tables(self, only: Sequence[str] = ()) -> list[Table]:
        """Tables to write: those named, or the scenario's own.

        A group names its tables, and ``all`` every table, as far as the scenario can make them.
        """
        wanted = tuple(only or self.scenario.tables)
        if wanted == ("all",):
            names = [name for name in records.found() if self._can_make(name)]
        else:
            names = [
                table for name in wanted for table in records.named(name) if table == name or self._can_make(table)
            ]
        if not names:
            msg = f"the scenario {self.scenario.scenario} makes no table of {', '.join(wanted)}"
            raise ScenarioError(msg)
        return [self.observer(name).table for name in dict.fromkeys(names)]

    def _can_make(self, table: str) -> bool:
        return self.scenario.has(getattr(records.signal(table), "NEEDS", ()))

    def window(self, since_s: int | None = None, until_s: int | None = None, every_s: int | None = None) -> Window:
        """Rows that start in the given stretch of the scenario's span; `ScenarioError` when there are none.

        Without a stretch it is the span, or its first days where a scenario says how long a history is.
        """
        time = self.scenario.timeline
        row_s = self._row_s(every_s)
        since = time.since_s if since_s is None else max(since_s, time.since_s)
        until = time.until_s if until_s is None else min(until_s, time.until_s)
        if until_s is None and time.history_s is not None:
            until = min(until, since + time.history_s)
        window = Window.between(since, max(since, until), row_s)
        if not len(window):
            span = " to ".join(map(moments.text, (time.since_s, time.until_s)))
            msg = f"no row of the scenario's span starts in the window; the span is {span}"
            raise ScenarioError(msg)
        return window

    def _row_s(self, every_s: int | None) -> int:
        time = self.scenario.timeline
        row_s = every_s or time.row_s
        if row_s % time.tick_s:
            msg = f"--every {row_s} s is not a multiple of the scenario's tick of {time.tick_s} s"
            raise ScenarioError(msg)
        return row_s

    def notes(self, tables: Sequence[str], row_s: int) -> dict[str, object]:
        """What readers of the tables must know about how they were made."""
        said = [signals.notes(records.signal(name), self.scenario, row_s) for name in tables]
        return {key: note for one in said for key, note in one.items()}

    def silences(self, tables: Sequence[str]) -> dict[str, str]:
        """Why no window has rows of some tables, by their names."""
        said = {name: signals.silence(records.signal(name), self.scenario) for name in tables}
        return {name: why for name, why in said.items() if why}

    def under_way(self, tables: Sequence[str], window: Window) -> str | None:
        """Which incidents records tell of in a window though its truth does not; None without such, or records."""
        if all(records.signal(name).TABLE.group != "records" for name in tables):
            return None
        from ghostfleet.truth import under_way

        return under_way.told(self.estates, window)

    def plan_between(
        self,
        tables: Sequence[Table],
        since_s: int | None = None,
        until_s: int | None = None,
        every_s: int | None = None,
        parts: int = 1,
    ) -> Plan:
        """Plan of the rows that start in a stretch of the scenario's span; `ScenarioError` when there are none.

        Single requests are those of its ticks, whatever ``every_s`` says; others are rows of that length.
        """
        by_tick = [self.is_by_tick(table.name) for table in tables]
        ticks = self.window(since_s, until_s, self.scenario.timeline.tick_s) if any(by_tick) else None
        has_rows = any(table.form == "rows" and not ticked for table, ticked in zip(tables, by_tick, strict=True))
        if ticks is None or has_rows:
            window = self.window(since_s, until_s, every_s)
        else:
            window = Window.between(ticks.since_s, ticks.until_s, self._row_s(every_s))
        return self.plan(window, tables, parts, ticks)

    def is_by_tick(self, table: str) -> bool:
        """Whether rows of a table are single requests, which start in ticks and do not fold."""
        observer = self.observer(table)
        return isinstance(observer, signals.StateObserver) and observer.is_by_tick

    def starts(self, table: str, since_s: int, until_s: int, every_s: int) -> Window:
        """Rows of a table, or ticks of its requests, that start between two seconds."""
        return Window.between(since_s, until_s, self.scenario.timeline.tick_s if self.is_by_tick(table) else every_s)

    def plan(self, window: Window, tables: Sequence[Table], parts: int = 1, ticks: Window | None = None) -> Plan:
        """Cut tables into tasks of about `ROWS_PER_TASK` rows, by entities first and by time where one is longer.

        A table of a graph has one row for each entity, so only its entities are cut.
        ``parts`` is the number of parts that the plan will be shared among: each table has as many tasks at least.
        ``ticks`` are those of single requests, if not all of the window of rows.
        Raises `ScenarioError` when a table has too few entities for that.
        """
        tasks: list[Task] = []
        for table in tables:
            observer = self.observer(table.name)
            if isinstance(observer, signals.StateObserver):
                for piece in self._pieces(observer, window, ticks, parts):
                    rows = observer.expected(piece)
                    tasks.append(Task(len(tasks), table.name, 0, observer.entities, piece, rows, observer.is_solved))
            elif table.form != "rows":
                whole = window if len(window) or ticks is None else ticks
                tasks += _snapshots(table, observer.entities, whole, parts, len(tasks))
            else:
                for first, last, piece in self._blocks(observer, window, parts):
                    tasks.append(Task(len(tasks), table.name, first, last, piece, (last - first) * len(piece)))
        return Plan(window, tuple(tasks), window if ticks is None else ticks)

    @staticmethod
    def _blocks(observer: signals.Observer, window: Window, parts: int) -> Iterator[Piece]:
        """Some entities each, and stretches of one where it has many rows."""
        entities = observer.entities
        if parts > entities:
            msg = f"--of {parts}: {observer.table.name} has {entities} entities, so {entities} parts at most"
            raise ScenarioError(msg)
        block = max(1, min(ROWS_PER_TASK // len(window), entities // parts))
        for first in range(0, entities, block):
            last = min(first + block, entities)
            for piece in window.cut(ROWS_PER_TASK) if block == 1 else iter((window,)):
                yield first, last, piece

    def _pieces(
        self, observer: signals.StateObserver, window: Window, ticks: Window | None, parts: int
    ) -> Iterator[Window]:
        """All entities over some ticks each: the state of a stretch is solved once for all tables."""
        from ghostfleet.state.estate import TICKS_AT_ONCE

        if observer.grain_s:  # rows of a length of their own: those that start in the window
            window = Window.between(window.since_s, window.until_s, observer.grain_s)
        tick_s = self.scenario.timeline.tick_s
        if observer.is_by_tick:
            window = window.finer(window.tick_s // tick_s) if ticks is None else ticks
        rows = max(1, (observer.ticks_at_once or TICKS_AT_ONCE) * tick_s // window.tick_s)
        if len(window) <= rows:  # one task a part, wherever it is: a file of one task need not be joined
            ends = [window.start + len(window) * part // parts for part in range(parts + 1)]
            yield from (Window(low, high, window.tick_s) for low, high in pairwise(ends))
            return
        pieces = list(window.cut(max(1, min(rows, len(window) // parts))))
        yield from pieces
        for _ in range(parts - len(pieces)):  # parts of a table that has fewer rows are empty
            yield Window(window.stop, window.stop, window.tick_s)

    def batches(self, task: Task) -> Iterator[Batch]:
        """Rows of a task in `Table.order`, a few entities or a stretch of one at a time."""
        observer = self.observer(task.table)
        if isinstance(observer, signals.StateObserver):
            # A task of single requests may be long, for its rows become one file; what is solved at once need not be.
            rows = max(1, SOLVED_IN_DETAIL * self.scenario.timeline.tick_s // task.window.tick_s)
            pieces = task.window.cut(rows) if observer.is_detailed else iter((task.window,))
            for piece in pieces if len(task.window) else ():
                state = self.state(piece, detailed=observer.is_detailed) if observer.is_solved else None
                yield from observer.observe(state, piece)
                del state  # its memory is the next one's
            return
        if task.is_snapshot:
            yield observer.rows(task.window, task.first, task.last)
            return
        ticks_per_row = task.window.tick_s // self.scenario.timeline.tick_s
        rows = max(1, TICKS_PER_BATCH * observer.breadth // ticks_per_row)
        if len(task.window) > rows:
            for entity in range(task.first, task.last):
                for piece in task.window.cut(rows):
                    yield observer.rows(piece, entity, entity + 1)
            return
        block = max(1, rows // len(task.window))
        for first in range(task.first, task.last, block):
            yield observer.rows(task.window, first, min(first + block, task.last))

    def state(self, window: Window, *, detailed: bool = False) -> State:
        """State of a window of rows; the last one is kept, because several tables observe it."""
        ticks = window.finer(window.tick_s // self.scenario.timeline.tick_s)
        known = self._solved
        if known is None or known.window != ticks or (detailed and not known.outcomes.is_detailed):
            if known is not None:
                known.forget_walk()
            self._solved = known = None  # its memory is the next one's
            self._solved = known = self.estates.solve(ticks, detailed=detailed)
        return known

    @property
    def estates(self) -> Estates:
        """What solves the scenario's estate."""
        from ghostfleet.state.estate import Estates

        if self._states is None:
            self._states = Estates(self.scenario)
        return self._states


def _snapshots(table: Table, entities: int, window: Window, parts: int, number: int) -> Iterator[Task]:
    """Tasks of a graph's table; where there is nothing, one that says so."""
    block = max(1, min(NODES_PER_TASK, entities // parts))
    for place, first in enumerate(range(0, max(entities, 1), block)):
        last = min(first + block, entities)
        yield Task(number + place, table.name, first, last, window, last - first, is_snapshot=True)
