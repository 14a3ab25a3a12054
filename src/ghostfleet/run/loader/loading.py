"""Load a file into destinations: all of its rows that can be read, or nothing where it or a destination fails."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from ghostfleet.core.errors import DataError, GhostfleetError, ScenarioError, SinkError
from ghostfleet.run import beside, history, manifest, surroundings
from ghostfleet.run.loader import loads
from ghostfleet.run.loader.content import opened
from ghostfleet.run.loader.documents import Documents, documents
from ghostfleet.run.loader.problems import Problems
from ghostfleet.run.loader.recognition import table_of
from ghostfleet.run.loader.rows import Rows
from ghostfleet.sinks import Home
from ghostfleet.sinks.sink import Answers, KeepsViews, Replaces, Tally, Upserts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from ghostfleet.core.table import Table
    from ghostfleet.sinks import Part, Sink, Written

PLAN = "load"
TASK = 0


class Request(msgspec.Struct, frozen=True):
    """What to load, and where to."""

    path: Path
    urls: tuple[str, ...]
    table: str | None = None
    format: str | None = None
    codec: str = "fast"
    limit: int | None = None  # documents to load, the first of the file


class Watcher(msgspec.Struct):
    """Who is told of how a load goes on."""

    agree: Callable[[list[Path]], None] = lambda _paths: None  # before files are replaced
    begin: Callable[[int], None] = lambda _size: None  # bytes of the file, once destinations are ready
    advance: Callable[[int, int], None] = lambda _position, _total: None  # bytes and documents so far


class Outcome(msgspec.Struct):
    """What became of a file."""

    table: Table
    problems: Problems
    rows: int = 0  # that could be read
    refused: int = 0  # of these, by a destination
    tallies: dict[str, Tally] = msgspec.field(default_factory=dict)  # by URL
    seconds: float = 0.0

    @property
    def total(self) -> int:
        """Documents, and what should have been some."""
        return self.rows + self.problems.count - self.refused


def load(request: Request, watcher: Watcher | None = None) -> Outcome:
    """Load a file. What is no row of its table is told of in the outcome, and the rest is loaded.

    Raises `DataError` where the file cannot be read to its end or holds no row, `SinkError` where a destination fails;
    then that destination is as it was.
    """
    watcher = watcher or Watcher()
    started = surroundings.stopwatch()
    problems = Problems(str(request.path))
    with opened(request.path) as content:
        found = documents(content, problems.add, request.limit)
        first = next(found, Documents())
        outcome = Outcome(_table(request, first, problems), problems)
        sinks = _sinks(request, outcome.table)
        watcher.agree(_replaced(sinks, outcome.table))
        with _Destinations(sinks, outcome.table) as destinations:
            watcher.begin(content.size)
            rows = Rows(outcome.table)
            for some in _behind(first, found):
                destinations.bring(rows, some, outcome)
                watcher.advance(content.position, outcome.total)
            _ensure_rows(request, outcome)
            destinations.finish(request, outcome)
    outcome.seconds = surroundings.stopwatch() - started
    return outcome


def _behind(first: Documents, others: Iterator[Documents]) -> Iterator[Documents]:
    if first.texts:
        yield first
    yield from others


def _table(request: Request, first: Documents, problems: Problems) -> Table:
    try:
        return table_of(request.path, request.table, first.texts)
    except DataError as error:
        raise DataError("\n".join([*problems.told(), str(error)])) from error


def _ensure_rows(request: Request, outcome: Outcome) -> None:
    """Refuse a file of which nothing could be loaded; one that holds nothing is an empty table."""
    if outcome.rows or not outcome.problems.count:
        return
    said = f"{request.path} holds no row of {outcome.table.name}; nothing was loaded"
    raise DataError("\n".join([*outcome.problems.told(), said]))


def _sinks(request: Request, table: Table) -> list[Sink]:
    """Destinations of a request; `ScenarioError` where one does not take the table."""
    sinks = history.destinations(history.Request(urls=request.urls, format=request.format, codec=request.codec))
    for url, sink in zip(request.urls, sinks, strict=True):
        if table.group not in sink.groups:
            takers = ", ".join(sorted(sink.groups))
            msg = f"--to {url} takes tables of the groups {takers}, and {table.name} is of the group {table.group}"
            raise ScenarioError(msg)
        if sink.home is not None:
            manifest.ensure_room(loads.path_at(sink.home))
            loads.read(sink.home)  # better unreadable now than when all is loaded
    return sinks


def _replaced(sinks: Sequence[Sink], table: Table) -> list[Path]:
    """Files that a load would replace; `SinkError` where it would stand in a data set that a manifest tells of."""
    paths = []
    for sink in sinks:
        if not isinstance(sink, Replaces) or sink.home is None:
            continue
        path = sink.replaced(table)
        if path is not None:
            paths.append(path)
        if (record := _teller(sink.home, table, path)) is not None:
            msg = f"{record} tells of a generated data set with the table {table.name} there; name another destination"
            raise SinkError(msg)
    return paths


def _teller(home: Home, table: Table, path: Path | None) -> Path | None:
    """Manifest that tells of a table at a destination, or of a file in the same folder."""
    whole, around = manifest.path_at(home), manifest.path_at(Home(home.folder))
    for record in (whole, *beside.parts_beside(whole), around, *beside.parts_beside(around)):
        with suppress(DataError):
            written = manifest.read(record).written
            names = {name for one in written for name in (one.name, *(split.name for split in one.splits))}
            tables = {one.table for one in written}
            if (path is not None and path.name in names) or (not home.file and table.name in tables):
                return record
    return None


class _Destinations:
    """Open sinks and the one part that each gets."""

    def __init__(self, sinks: Sequence[Sink], table: Table) -> None:
        self._sinks = sinks
        self._table = table
        self._open: list[Sink] = []
        self._parts: list[Part] = []

    def __enter__(self) -> Self:
        try:
            for sink in self._sinks:
                sink.open([self._table], plan_id=PLAN, tasks={self._table.name: [TASK]})
                self._open.append(sink)
                if isinstance(sink, KeepsViews):
                    sink.keep(history.views())
                self._parts.append(sink.part(self._table, TASK))
        except BaseException:
            self._abort()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._abort()

    def bring(self, rows: Rows, some: Documents, outcome: Outcome) -> None:
        """Write those documents that are rows."""
        found = rows.batch(some, outcome.problems.add)
        if found is None:
            return
        batch, places = found
        outcome.rows += len(batch)
        for part in self._parts:
            part.write(batch)
            for row, why in part.refusals() if isinstance(part, Answers) else ():
                outcome.problems.add(some.place(places[row]), why)
                outcome.refused += 1
        if all(getattr(sink, "closed", False) for sink in self._sinks):  # only streams can close
            raise BrokenPipeError

    def finish(self, request: Request, outcome: Outcome) -> None:
        """Let each destination hold what was brought, and remember that."""
        receipts = [part.close() for part in self._parts]
        self._parts = []
        for url, sink, receipt in zip(request.urls, self._sinks, receipts, strict=True):
            if isinstance(sink, Upserts):
                (written,), tally = sink.upsert([receipt])
            else:
                (written,) = sink.finish([receipt])
                tally = Tally(inserted=outcome.rows)
            self._open.remove(sink)
            outcome.tallies[url] = tally
            if sink.home is not None:
                loads.save(sink.home, _remembered(request, outcome, written, tally))

    def _abort(self) -> None:
        """Leave destinations as they were; the error that brought us here matters more than one of tidying up."""
        for part in self._parts:
            part.abort()
        for sink in self._open:
            with suppress(GhostfleetError):
                sink.abort()
        self._parts, self._open = [], []


def _remembered(request: Request, outcome: Outcome, written: Written, tally: Tally) -> loads.Load:
    return loads.Load(
        table=written.table,
        name=written.name,
        file=str(request.path),
        at=manifest.moment(int(surroundings.now().timestamp())),
        **msgspec.structs.asdict(tally),
        failed=outcome.problems.count,
        rows=written.rows,
        stored=written.stored,
    )
