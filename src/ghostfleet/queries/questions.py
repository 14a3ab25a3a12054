"""Questions there are: a file with one text, or a folder with several and an `answer.py` that makes an answer of rows.

`answer.py` opens with the title, names its texts (its own, or those of the folder `graph` that several questions share)
and has a pure `answer(rows, parameters)`. A question without data in its `ESSENTIAL` texts has none at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ghostfleet.core.errors import DataError
from ghostfleet.queries import text
from ghostfleet.queries.answers import Rows, Told
from ghostfleet.queries.parameters import Parameter, QuestionError, bound, union

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ghostfleet.queries.text import Query

    Answering = Callable[[Mapping[str, Rows], Mapping[str, Any]], Told]

HOMES = ("ghostfleet.queries.estate", "ghostfleet.queries.requests")
GROUP = "ghostfleet.questions"  # entry points name a package: `my_package.questions`
SHARED = "graph"
MOST_ROWS = 1000  # of a view, unless somebody asks for more


@dataclass(frozen=True)
class Question:
    """A named question: its texts, and what makes an answer of their rows."""

    name: str
    title: str
    texts: tuple[Query, ...]
    answer: Answering
    essential: tuple[str, ...]

    @property
    def parameters(self) -> dict[str, Parameter]:
        """Parameters of all texts by name."""
        return union(self.texts)

    @property
    def window(self) -> tuple[str, str]:
        """Length of the window that is taken by default, and the tables whose newest row ends it; empty for none.

        Several tables are joined by ``and``.
        """
        said = next((one.header["window"] for one in self.texts if "window" in one.header), "")
        length, _, tables = said.partition(" of ")
        return length, tables

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that its texts are written in: a store of each must be named."""
        return tuple(sorted({one.language for one in self.texts}))

    def bound(self, given: Mapping[str, object]) -> dict[str, Any]:
        """Values of all parameters; `QuestionError` for what is unknown, missing or of another type."""
        return bound(self.parameters, given, self.name)


@cache
def questions() -> dict[str, Question]:
    """Every question by name, built-in and plugged in; `DataError` when two have one name."""
    found = {view.name: _plain(view) for view in text.stored_views().values()}
    for package in (*HOMES, *_plugged_in()):
        for one in _in(package):
            if one.name in found:
                raise DataError(f"two questions are called {one.name}; names must differ")
            found[one.name] = one
    return dict(sorted(found.items()))


def question(name: str) -> Question:
    """Question of that name; `QuestionError` naming those there are."""
    if name not in questions():
        raise QuestionError(f"there is no question {name}; known are {', '.join(questions())}")
    return questions()[name]


def _plugged_in() -> Iterator[str]:
    from importlib.metadata import entry_points

    yield from (entry.value for entry in entry_points(group=GROUP))


def _in(package: str) -> Iterator[Question]:
    folder = files(package)
    shared = text.listed(folder / SHARED) if (folder / SHARED).is_dir() else {}
    for one in text.listed(folder).values():
        yield _plain(one)
    for entry in folder.iterdir():
        if (entry / "answer.py").is_file():
            module = import_module(f"{package}.{entry.name}.answer")
            own = text.listed(entry)
            missing = [name for name in module.TEXTS if name not in {**shared, **own}]
            if missing:
                raise DataError(f"{entry.name} names the text {missing[0]}, which neither it nor {SHARED} has")
            texts = tuple({**shared, **own}[name] for name in module.TEXTS)
            essential = tuple(getattr(module, "ESSENTIAL", module.TEXTS[:1]))
            title = str(module.__doc__).partition("\n")[0].rstrip(".")
            yield Question(entry.name, title, texts, module.answer, essential)


def _plain(one: Query) -> Question:
    def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
        found = rows[one.name]
        kept = found[: parameters.get("most")]
        return Told({one.name: kept}, {"rows": len(kept), "is_cut": len(kept) < len(found)})

    asked = one if one.name not in text.stored_views() else _of_view(one)
    return Question(one.name, one.title, (asked,), answer, (one.name,))


def _of_view(view: Query) -> Query:
    """Text that asks for the first rows of a view in its order, and for one more, which tells that there are more."""
    header = {**view.header, "needs": view.name, "params": f"most BIGINT = {MOST_ROWS}"}
    sql = f"SELECT * FROM {view.name} ORDER BY {view.header['order']} LIMIT CAST($1 AS BIGINT) + 1"  # noqa: S608
    return text.Query(view.name, sql, header)
