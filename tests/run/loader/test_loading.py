"""Laws of loading: what was written loads back equal, twice is once, one changed line changes one row."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING, Any, ClassVar

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostfleet.core.errors import DataError, ScenarioError, SinkError
from ghostfleet.run.loader import documents, loading, loads
from ghostfleet.run.verification import of_loads
from ghostfleet.sinks import Receipt, Tally, Written, blackhole, home_of, open_sink, upsert
from ghostfleet.sinks.digest import ValueDigest
from ghostfleet.sinks.hashing import of_file
from ghostfleet.sinks.sink import Refusal
from tests.run.loader.material import DOCUMENTS, EVENTS, TABLE, event, known, lines, load, saved, written
from tests.sinks.rows import ROWS, read_duckdb, rows, values

if TYPE_CHECKING:
    from pathlib import Path

    from ghostfleet.core.table import Table

FORMS = ("jsonl", "jsonl.gz", "json", "json.gz", "bulk", "bulk.gz")


def standing(store: Path, table: Table) -> list[tuple[Any, ...]]:
    return sorted(read_duckdb(store, table), key=repr)


@pytest.mark.parametrize("table", [TABLE, DOCUMENTS], ids=["rows", "documents"])
@pytest.mark.parametrize("form", FORMS)
def test_what_was_written_loads_back_equal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: Table, form: str
) -> None:
    """For all formats f and tables t: load(write(t, f)) = t, in a store by value and in files by bytes."""
    known(monkeypatch, DOCUMENTS if table is DOCUMENTS else TABLE)
    monkeypatch.setattr(documents, "TOGETHER", 70)  # several batches
    batch = rows(ROWS, table)
    path = written(tmp_path, batch, form)
    store, again = tmp_path / "back.duckdb", tmp_path / "back"
    outcome = load(path, f"duckdb:{store}", again, form=form.removesuffix(".gz"))
    assert outcome.problems.told() == []
    assert outcome.tallies == {f"duckdb:{store}": Tally(inserted=ROWS), str(again): Tally(inserted=ROWS)}
    assert read_duckdb(store, table) == values(batch)
    plain = path.read_bytes()
    plain = gzip.decompress(plain) if path.name.endswith(".gz") else plain
    assert (again / path.name.removesuffix(".gz")).read_bytes() == plain
    digest = ValueDigest()
    digest.write(batch)
    sink = open_sink(f"duckdb:{store}")
    stated = Written(table.name, table.name, ROWS, 0, 0, "", "")
    assert sink.digests(stated, [Receipt(table.name, 0, ROWS, 0, "", 0)]) == [digest.hexdigest()]


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
HOSTILE = st.sampled_from(
    ['"},{"', "\\", "},{", "]", "[", '"', "\u2028", "\x7f", "\ufeff", "null", "%", "$.x - at `y`"]
)
WORD = TEXT | HOSTILE
DOCUMENT = st.fixed_dictionaries(
    {
        "timestamp": st.datetimes().map(lambda at: at.isoformat(timespec="milliseconds") + "Z"),
        "event_id": WORD,
        "service": st.fixed_dictionaries({"name": WORD}),
        "http": st.fixed_dictionaries({"method": st.sampled_from(["GET", "POST"]), "status": st.integers(100, 599)}),
        "region": WORD,
        "zone": WORD,
    },
    optional={
        "response_ms": st.none() | st.floats(0, allow_infinity=False),
        "tags": st.none()
        | st.lists(WORD, max_size=3).filter(lambda items: items != [""] and "\x1f" not in "".join(items)),
        "error": st.fixed_dictionaries({}, optional={"code": st.none() | WORD, "retried": st.none() | st.booleans()}),
    },
)


@pytest.mark.slow
@settings(max_examples=25)
@given(st.lists(DOCUMENT, min_size=1, max_size=12), st.sampled_from(["lines", "array", "bulk"]), st.booleans())
def test_hostile_documents_load_as_they_are_and_twice_is_once(tmp_path_factory, made, form, escaped):
    """For all documents d: load(d) holds the last of each key as it stands in d, and load(load(d), d) = load(d)."""
    with pytest.MonkeyPatch.context() as patch:
        known(patch, EVENTS)
        folder = tmp_path_factory.mktemp("hostile")
        texts = [json.dumps(one, ensure_ascii=escaped) for one in made]
        text = {
            "lines": "\r\n\r\n".join(texts),
            "array": f"[{','.join(texts)}]",
            "bulk": "".join(f'{{"index":{{}}}}\n{one}\n' for one in texts),
        }[form]
        path = saved(folder / "x.gz", text)
        store = folder / "x.duckdb"
        last = {one["event_id"]: one for one in made}
        repeated = len(made) - len(last)
        outcome = load(path, store, table=EVENTS)
        assert outcome.problems.told() == []
        assert outcome.tallies[str(store)] == Tally(inserted=len(last), duplicates=repeated)
        stood = standing(store, EVENTS)
        assert {row[1]: (row[2], row[3], row[4], row[9], row[10]) for row in stood} == {
            key: (one["service"]["name"], one["http"]["method"], one["http"]["status"], one["region"], one["zone"])
            for key, one in last.items()
        }
        assert {row[1]: (row[6] or None, row[7], row[8]) for row in stood} == {
            key: (one.get("tags") or None, error.get("code"), error.get("retried"))
            for key, one in last.items()
            for error in [one.get("error", {})]
        }
        again = load(path, store, table=EVENTS)
        assert again.tallies[str(store)] == Tally(unchanged=len(last), duplicates=repeated)
        assert standing(store, EVENTS) == stood


def test_one_changed_line_changes_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, EVENTS)
    store = tmp_path / "x.duckdb"
    made = [event(number) for number in range(500)]
    path = saved(tmp_path / "x.jsonl", lines(made))
    load(path, store)
    before = standing(store, EVENTS)
    made[7]["response_ms"] = None
    outcome = load(saved(path, lines([*made, event(900), event(7)])[:-1]), store)
    assert outcome.tallies[str(store)] == Tally(inserted=1, updated=0, unchanged=500, duplicates=1)  # the last one wins
    outcome = load(saved(path, lines([event(7, response_ms=0.7), *made])), store)
    assert outcome.tallies[str(store)] == Tally(updated=1, unchanged=499, duplicates=1)
    after = standing(store, EVENTS)
    assert len(after) == len(before) + 1
    changed = [row[1] for row in after if row not in before]
    assert sorted(changed) == ["event-000007", "event-000900"]


def test_what_is_no_row_is_counted_and_the_rest_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, EVENTS)
    made = [event(number, region=5 if number % 2 else "eu") for number in range(100)]
    outcome = load(saved(tmp_path / "x.jsonl", lines(made)), tmp_path / "x.duckdb", "blackhole:")
    assert (outcome.total, outcome.rows, outcome.problems.count) == (100, 50, 50)
    assert len(outcome.problems.told()) == 21
    assert outcome.problems.told()[0].startswith(f"{tmp_path / 'x.jsonl'}, line 2: region: Expected str, got int")
    assert outcome.problems.told()[-1] == "30 more of 50 problems are not shown"
    assert len(standing(tmp_path / "x.duckdb", EVENTS)) == 50


def test_where_nothing_can_be_loaded_nothing_is_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, EVENTS)
    path = saved(tmp_path / "x.jsonl", '{"a":1}\n{"b":2}\n')
    with pytest.raises(DataError, match=r"line 1: it (.|\n)*holds no row of api_events; nothing was loaded"):
        load(path, tmp_path / "out", tmp_path / "x.duckdb", table=EVENTS)
    assert sorted(one.name for one in tmp_path.iterdir() if not one.is_dir()) == ["x.jsonl"]
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [path]


@pytest.mark.parametrize("name", ["x.jsonl.gz", "x.json.gz"])
def test_a_file_that_is_cut_off_changes_no_destination(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    known(monkeypatch, EVENTS)
    made = [event(number, region=f"{number * 7919 % 10007}") for number in range(5000)]
    text = lines(made) if "jsonl" in name else json.dumps(made)
    path = saved(tmp_path / name, text)
    path.write_bytes(path.read_bytes()[:-100])
    store = tmp_path / "x.duckdb"
    load(saved(tmp_path / "first.jsonl", lines(made[:3])), store)
    before = store.read_bytes()
    with pytest.raises(DataError, match="cut off") as caught:
        load(path, store, tmp_path / "out")
    read = int(re.findall(r"stopped after ([\d,]+)", str(caught.value))[0].replace(",", ""))
    assert 0.9 < read / len(text.encode()) < 1
    assert store.read_bytes() == before
    assert not list((tmp_path / "out").rglob("*.csv.gz"))


def test_a_load_that_fails_half_way_leaves_the_store_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, EVENTS)
    store = tmp_path / "x.duckdb"
    load(saved(tmp_path / "x.jsonl", lines([event(1), event(2)])), store)
    before = standing(store, EVENTS)
    run = upsert._run

    def failing(connection: Any, batches: Any, statement: str) -> None:
        if "INSERT" in statement:
            raise KeyboardInterrupt
        run(connection, batches, statement)

    monkeypatch.setattr(upsert, "_run", failing)
    with pytest.raises(KeyboardInterrupt):
        load(saved(tmp_path / "x.jsonl", lines([event(1, region="us"), event(3)])), store)
    assert standing(store, EVENTS) == before
    assert not (tmp_path / ".ghostfleet").exists()


def test_files_keep_every_line_and_are_replaced_only_when_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, EVENTS)
    path = saved(tmp_path / "x.jsonl", lines([event(1), event(1)]))
    out = tmp_path / "out"
    assert load(path, out, form="jsonl").tallies[str(out)] == Tally(inserted=2)
    asked: list[Path] = []
    request = loading.Request(path, (str(out),), None, "jsonl")
    loading.load(request, loading.Watcher(agree=asked.extend))
    assert asked == [out / "api_events.jsonl"]


def test_loads_are_remembered_and_what_changed_since_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, EVENTS)
    path = saved(tmp_path / "x.jsonl", lines([event(1), event(2)]))
    out, store = tmp_path / "out", tmp_path / "x.duckdb"
    for _ in range(2):
        load(path, out, store, form="jsonl")
    (of_files,), (of_store,) = (loads.read(home) for url in (out, store) if (home := home_of(str(url))))
    assert (of_files.name, of_files.stored) == ("api_events.jsonl", of_file(out / "api_events.jsonl"))
    assert (of_store.name, of_store.inserted, of_store.rows, of_store.file) == ("api_events", 2, 2, str(path))
    assert [of_loads(str(url), ()).problems for url in (out, store)] == [[], []]
    (out / "api_events.jsonl").write_text("{}")
    with duckdb.connect(store) as connection:
        connection.execute("DELETE FROM api_events WHERE event_id = 'event-000001'")
    assert [len(of_loads(str(url), ()).problems) for url in (out, store)] == [1, 1]
    (out / loads.NAME).write_text("{")
    with pytest.raises(DataError, match="no record of loads"):
        load(path, out, form="jsonl")


def test_destinations_that_do_not_take_the_table_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, EVENTS)
    path = saved(tmp_path / "x.jsonl", lines([event(1)]))
    with pytest.raises(
        ScenarioError, match="takes tables of the groups graph, and api_events is of the group requests"
    ):
        load(path, f"ladybug:{tmp_path}/x")
    with pytest.raises(ScenarioError, match="named twice"):
        load(path, tmp_path / "x", tmp_path / "x")
    load(path, tmp_path / "x.duckdb")
    with duckdb.connect(tmp_path / "x.duckdb") as connection:
        connection.execute("ALTER TABLE api_events DROP zone")
    with pytest.raises(SinkError, match="has other columns: zone is missing"):
        load(path, tmp_path / "x.duckdb")


class Answering(blackhole.ForgottenPart):
    """Refuses every third row, as a server may."""

    seen: ClassVar[int] = 0

    def refusals(self) -> list[Refusal]:
        """One of a batch."""
        return [Refusal(1, "the server said 400")]


def test_what_a_destination_refuses_is_told_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, EVENTS)
    monkeypatch.setattr(blackhole, "ForgottenPart", Answering)
    path = saved(tmp_path / "x.jsonl", lines([event(1, region=5), event(2), event(3)]))
    outcome = load(path, "blackhole:")
    assert [problem.partition(", ")[2][:30] for problem in outcome.problems.told()] == [
        "line 1: region: Expected str, ",
        "line 3: the server said 400",
    ]
    assert (outcome.total, outcome.rows, outcome.refused) == (3, 2, 1)


def test_an_empty_array_of_a_named_table_is_an_empty_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, EVENTS)
    path = saved(tmp_path / "x.json", "[]")
    assert load(path, tmp_path / "x.duckdb", table=EVENTS).total == 0
    assert standing(tmp_path / "x.duckdb", EVENTS) == []
    with pytest.raises(DataError, match="no document is a JSON object"):
        load(path, tmp_path / "x.duckdb")
