"""Ask a question of stores: bind its parameters, find its window, ask its texts, and answer in one form."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ghostfleet.core.errors import DataError
from ghostfleet.queries import graphs, relations
from ghostfleet.queries.answers import Answer, Failure, moment
from ghostfleet.queries.parameters import WINDOW, QuestionError
from ghostfleet.queries.questions import question

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ghostfleet.core.table import Table
    from ghostfleet.queries.answers import Rows
    from ghostfleet.queries.graphs import Asked
    from ghostfleet.queries.questions import Question
    from ghostfleet.queries.relations import Relations

_LENGTH = re.compile(r"(\d+) (hours|days)")
MOST = "most"  # parameter that says how many rows are wanted, and not which
_RIGHT_AFTER = timedelta(seconds=1)  # windows are half-open, and the newest row is in


def ask(name: str, urls: str | Sequence[str], /, *, tables: Sequence[Table] = (), **parameters: object) -> Answer:
    """Answer a question from the data at one or more places.

    A place is a folder of files, a file, ``duckdb:FILE`` or ``ladybug:FILE``. ``tables`` are declarations of tables,
    which tell the types of what a file of texts holds where the question does not. Times are UTC, windows half-open.
    Raises `QuestionError` for a question or parameter that there is not; what goes wrong in a store is in the answer.
    """
    import duckdb

    wanted = question(name)
    given = wanted.bound(parameters)
    try:
        with _opened([urls] if isinstance(urls, str) else list(urls), wanted, tables) as stores:
            return stores.answer(wanted, given)
    except (DataError, duckdb.Error) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        return Answer(name, wanted.title, given, error=Failure(said))


@dataclass
class _Stores:
    relations: Relations
    graph: Asked | None

    def answer(self, wanted: Question, given: dict[str, Any]) -> Answer:
        window = self._window(wanted, given)
        values = {**given, **dict(zip(WINDOW, window or (None, None), strict=True))}
        values = {name: values[name] for name in wanted.parameters}
        rows: dict[str, Rows] = {}
        lacking: dict[str, str] = {}
        for text in wanted.texts:
            store = self.graph if text.language == "cypher" else self.relations
            assert store is not None  # noqa: S101  a graph is open when a text asks for one
            if reason := store.lacks(text):
                lacking[text.name] = reason
            rows[text.name] = [] if reason else store.rows(text, values)
        answer = Answer(wanted.name, wanted.title, values, window, lacking=lacking)
        if not any(rows[name] for name in wanted.essential):
            return _without_data(answer, _reason(wanted, answer))
        told = wanted.answer(rows, values)
        if told.no_data:
            return _without_data(answer, told.no_data)
        return Answer(wanted.name, wanted.title, values, window, told.tables, told.summary, lacking=lacking)

    def _window(self, wanted: Question, given: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
        """Window that is asked for; what is not said counts back from the newest row, never from the clock."""
        length, tables = wanted.window
        if not tables:
            return None
        start, end = (given.get(name) for name in WINDOW)
        if end is None:
            newest = [found for table in tables.split(" and ") if (found := self.relations.newest(table)) is not None]
            if not newest:
                return None
            end = max(newest) + _RIGHT_AFTER
            if start is not None and start >= end:  # all of it lies after the newest row
                end = _moved("start", start, length, 1)
        return (start if start is not None else _moved("end", end, length, -1), end)


@contextmanager
def _opened(urls: Sequence[str], wanted: Question, tables: Sequence[Table]) -> Iterator[_Stores]:
    with relations.opened(urls, tables) as opened:
        opened.prepare(text for text in wanted.texts if text.language == "sql")
        with graphs.opened(urls, opened, wanted.texts) as graph:
            yield _Stores(opened, graph)


def _without_data(answer: Answer, reason: str) -> Answer:
    empty = Answer(answer.query, answer.title, answer.parameters, answer.window, lacking=answer.lacking)
    return Answer(**{**vars(empty), "no_data": reason})


def _reason(wanted: Question, answer: Answer) -> str:
    """Say why the essential texts found nothing."""
    if missing := [answer.lacking[name] for name in wanted.essential if name in answer.lacking]:
        return "; ".join(dict.fromkeys(missing))
    asked = [text for text in wanted.texts if text.name in wanted.essential]
    relations = " and ".join(dict.fromkeys(need.relation for text in asked for need in text.needs[:1]))
    filters = {
        name: value
        for name, value in answer.parameters.items()
        if isinstance(value, str | int | float) and name != MOST
    }
    where = f" of {', '.join(f'{name} {value!r}' for name, value in filters.items())}" if filters else ""
    when = f" from {moment(answer.window[0])} until {moment(answer.window[1])}" if answer.window else ""
    return f"{relations} has no rows{where}{when}"


def _moved(name: str, moment: datetime, length: str, sign: int) -> datetime:
    """Other end of a window; `QuestionError` where there are no such years."""
    try:
        return moment + sign * _span(length)
    except OverflowError:
        far = f"{length} {'after' if sign < 0 else 'before'} {'0001-01-01' if sign < 0 else '9999-12-31'}"
        raise QuestionError(f"{name} must be at least {far}, not {moment.isoformat()}, or name both ends") from None


def _span(length: str) -> timedelta:
    found = _LENGTH.fullmatch(length)
    if found is None:
        raise DataError(f"{length!r} is no window; write for instance 24 hours of system_metrics")
    return timedelta(**{found[2]: int(found[1])})
