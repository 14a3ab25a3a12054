"""Documents are found wherever blocks begin, and what is broken costs itself alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfleet.core.errors import DataError
from ghostfleet.run.loader import array, documents
from ghostfleet.run.loader.content import opened
from tests.run.loader.material import saved

if TYPE_CHECKING:
    from pathlib import Path

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.lists(st.dictionaries(st.text() | st.sampled_from(["},{", "]", '"}, {"', "\\"]), JSON, max_size=4))
SPACES = st.text(" \n\t\r", max_size=3)


def blocks(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def found(data: bytes, size: int = 1 << 20) -> tuple[list[Any], list[tuple[int, int]], list[str]]:
    """Elements of an array, where they stand, and problems."""
    problems: list[str] = []
    texts, places = [], []
    elements = array.elements(iter(blocks(data, size)), 0, lambda place, why: problems.append(f"{place}: {why}"))
    for number, text, start in elements:
        texts.append(json.loads(text))
        places.append((number, start))
    return texts, places, problems


def found_lines(text: str, size: int = 1 << 20) -> tuple[list[tuple[int, bytes]], list[str]]:
    problems: list[str] = []
    cut = iter(blocks(text.encode(), size))
    return list(documents.lines(cut, 0, lambda place, why: problems.append(f"{place}: {why}"))), problems


@given(OBJECTS, SPACES, st.booleans(), st.integers(1, 40))
def test_every_element_is_found_wherever_blocks_begin(made, space, escaped, size):
    """For all arrays a and sizes of blocks s: elements(cut(a, s)) = a."""
    between = f"{space},{space}".join(json.dumps(one, ensure_ascii=escaped) for one in made)
    data = f"[{space}{between}{space}]{space}".encode(errors="surrogatepass")
    texts, places, problems = found(data, size)
    assert (texts, problems) == (made, [])
    assert [number for number, _ in places] == list(range(1, len(made) + 1))
    assert all(data[start : start + 1] == b"{" for _, start in places)


@pytest.mark.parametrize(
    ("text", "kept", "said"),
    [
        ('[{"a":1},{"a":},{"a":3}]', [1, 3], "element 2 (byte 9): it is no JSON"),
        ('[{"a":1},{"a":"x},{"a":3},{"a":4}]', [1, 3, 4], "element 2 (byte 9): it is no JSON"),
        ('[{"a":1},{"a":2,{"a":3},{"a":4}]', [1, 4], "element 2 (byte 9): it is no JSON"),
        ('[{"a":1},7,"}, {",[{}],null,{"a":3}]', [1, 3], "element 5 (byte 23): it is no object"),
        ('[{"a":1}{"a":2},{"a":3}]', [1, 2, 3], "element 1 (byte 8): no comma follows it"),
        ('[{"a":1} x, {"a":2}]', [1, 2], "element 1 (byte 9): no comma follows it"),
        ('[{"a":1},{"a":2}', [1, 2], "the array ends after 2 elements without its bracket"),
        ('[{"a":1},{"a":2', [1], "element 2 (byte 9): it has no end"),
        ('[{"a":1},', [1], "the array ends after 1 elements"),
        ('[{"a":1}] {"a":2}', [1], "something follows the array"),
        ('[{"a":1},{"b":' + "[" * 5000 + '},{"a":3}]', [1, 3], "element 2 (byte 9)"),
        ("[", [], "the array ends after 0 elements"),
        ("[]", [], ""),
        ("[ ]\n", [], ""),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1 << 20])
def test_what_is_broken_costs_itself_alone(text: str, kept: list[int], said: str, size: int) -> None:
    texts, _, problems = found(text.encode(), size)
    assert [one["a"] for one in texts] == kept
    assert bool(problems) == bool(said)
    assert any(said in problem for problem in problems) or not said


def test_elements_with_many_objects_inside_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [{"inner": [{"x": number}] * 30} for number in range(5)]
    assert found(json.dumps(made).encode(), 64)[0] == made
    monkeypatch.setattr(array, "LONGEST", 100)
    texts, _, problems = found(b'[{"a":"' + b"x" * 500 + b'"},{"a":1}]', 16)
    assert texts == [{"a": 1}]
    assert len(problems) == 1
    assert "longer than" in problems[0]


@given(st.lists(st.text(st.characters(exclude_characters="\n"))), st.integers(1, 9), st.sampled_from(["\n", "\r\n"]))
def test_lines_have_their_numbers_wherever_blocks_begin(made, size, end):
    """For all texts t: lines(t) = those of t.split("\\n") that are not blank, counted from 1."""
    text = end.join(made)
    expected = [(number, line.encode()) for number, line in enumerate(text.split("\n"), 1)]
    expected = [(number, line) for number, line in expected if line and not line.isspace()]
    assert found_lines(text, size) == (expected, [])


def test_a_line_that_is_too_long_is_skipped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "LONGEST", 20)
    lines, problems = found_lines('{"a":1}\n' + "x" * 300 + '\n\n{"a":2}\n' + "y" * 99, 8)
    assert lines == [(1, b'{"a":1}'), (4, b'{"a":2}')]
    assert [problem.partition(":")[0] for problem in problems] == ["line 2", "line 5"]


@pytest.mark.parametrize("name", ["x.jsonl", "x", "x.gz"])
@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ('{"a":1}\n{"a":2}', [1, 2]),
        ('\ufeff\n\n {"a":1}\r\n\r\n{"a":2}\r\n', [3, 5]),
        ('{"index":{"_index":"x","_id":"1"}}\n{"a":1}\n{"create":{}}\n{"a":2}\n', [2, 4]),
        ('\ufeff \n[{"a":1},{"a":2}]', [1, 2]),
        ('[\n{"a":1},\n{"a":2}\n]\n', [1, 2]),
    ],
)
def test_the_form_is_told_by_content_and_not_by_name(tmp_path: Path, name: str, text: str, numbers: list[int]) -> None:
    problems: list[str] = []
    with opened(saved(tmp_path / name, text)) as content:
        (some,) = documents.documents(content, lambda place, why: problems.append(f"{place}: {why}"))
    assert [json.loads(text) for text in some.texts] == [{"a": 1}, {"a": 2}]
    assert (some.numbers, problems) == (numbers, [])


def test_elements_say_their_byte_in_the_file(tmp_path: Path) -> None:
    text = '\ufeff  [ {"a":1}, {"a":2}]'.encode()
    with opened(saved(tmp_path / "x", text)) as content:
        (some,) = documents.documents(content, lambda _place, _why: None)
    assert [text[start : start + 7] for start in some.starts] == [b'{"a":1}', b'{"a":2}']


def test_actions_of_a_bulk_file_that_make_no_document_are_told_of(tmp_path: Path) -> None:
    made = ('{"index":{}}', '{"a":1}', '{"delete":{"_id":"1"}}', '{"update":{"_id":"1"}}', '{"doc":{}}', '{"index":{}}',
            '{"index":{}}', '{"a":2}', '{"a":3}', '{"create":{}}')  # fmt: skip
    text = "\n".join(made)
    problems: list[str] = []
    with opened(saved(tmp_path / "x", text)) as content:
        (some,) = documents.documents(content, lambda place, why: problems.append(f"{place}: {why}"))
    assert some.texts == [b'{"a":1}', b'{"a":2}']
    assert [problem.partition(",")[0] for problem in problems] == [
        "line 3: the action is delete; valid are index and create",
        "line 4: the action is update; valid are index and create",
        "line 6: this action",
        "line 9: it is no action; valid in a bulk file are index and create",
        "line 10: this action",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n\r\n", "is empty"),
        (b"PAR1....", "a Parquet file"),
        (b"........DUCK", "a DuckDB file"),
        (b"a\0b", "byte 1 is NUL"),
        ("{}".encode("utf-16"), "UTF-16"),
        (b"\x1f\x8b\x08garbage", "cut off"),
        (b"BZh91AY", "bzip2; unpack it first"),
    ],
)
def test_what_holds_no_text_is_called_what_it_is(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said), opened(path):
        pass


def test_what_is_no_file_is_called_that(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder; load takes one file"), opened(tmp_path):
        pass
    with pytest.raises(DataError, match="there is no file"), opened(tmp_path / "x"):
        pass
