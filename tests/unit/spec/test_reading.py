import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ghostfleet.core.errors import ScenarioError
from ghostfleet.spec import reading

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{right}: &{right} [*{left}, *{left}, *{left}, *{left}, *{left}, *{left}, *{left}, *{left}, *{left}, *{left}]\n"
    for left, right in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = [
    (BOMB, ":5: ", "once aliases are expanded"),
    ("a: " + "[" * 60 + "]" * 60, ":1: ", "nested deeper than 40"),
    ("a: " + "x" * 1_000_001, "", "1,000,000"),
    ("a: 1\nb: !!python/object/apply:os.system [ls]", ":2: ", "is not allowed; a scenario is plain data"),
    ("a: 1\nb: !secret x", ":2: ", "!secret is not allowed"),
    ("a: 1\nb: 2\na: 3", ":3: ", "the key a stands twice"),
    ("a:\n  b: 1\n  b: 2", ":3: ", "the key a.b stands twice"),
    ("a: 1\n---\nb: 2", "", "more than one YAML document"),
    ("a: \x00\x01", ":1: ", "not valid YAML"),
    ('a: "ü ☃"\nb: 2\nc: "x\x01"', ":3: ", "control characters are not allowed"),
    ("- 1\n- 2", ":1: ", "expected a mapping of keys at the top, found a list"),
    ("just words", ":1: ", "found a text"),
    ("a: [1, 2", "", "not valid YAML"),
    ("a: *nobody", ":1: ", "*nobody stands before its anchor"),
    ("a: &a [*a]", ":1: ", "*a stands before its anchor"),
    ("? [1, 2]\n: 3", ":1: ", "a key must be a plain word"),
    ("a: 1\n\tb: 2", ":2: ", "not valid YAML"),
]


@pytest.mark.parametrize(("text", "place", "problem"), HOSTILE)
def test_a_text_that_is_no_plain_data_is_refused_at_its_line(text, place, problem):
    with pytest.raises(ScenarioError) as caught:
        reading.read(text, "bad.yaml")
    assert str(caught.value).startswith(f"bad.yaml{place}")
    assert problem in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12:30", "12:30"),
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("2022-01-01", "2022-01-01"),
        ("0o17", "0o17"),
        ("0x1f", "0x1f"),
        ("1.2.3", "1.2.3"),
        ("+-1", "+-1"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("17", 17),
        ("-3", -3),
        ("1_000", 1000),
        ("007", 7),
        ("0.5", 0.5),
        ("1e3", 1000.0),
        ("-.inf", float("-inf")),
        ("+.Inf", float("inf")),
        (".INF", float("inf")),
        ("+.nan", "+.nan"),
        ("'.nan'", ".nan"),
        ("'17'", "17"),
        ('"true"', "true"),
        ("[1, a, {b: 2}]", [1, "a", {"b": 2}]),
    ],
)
def test_scalars_follow_yaml_1_2(text, value):
    read = reading.read(f"a: {text}", "x.yaml").tree["a"]
    assert read == value
    assert type(read) is type(value)
    assert reading.value(text, "here") == value


def test_an_empty_text_is_an_empty_mapping():
    assert reading.read("", "x.yaml").tree == reading.read("# nothing\n", "x.yaml").tree == {}


def test_aliases_repeat_what_they_name():
    assert reading.read("a: &a {x: 1}\nb: *a", "x.yaml").tree == {"a": {"x": 1}, "b": {"x": 1}}


def test_a_document_knows_the_line_of_each_path():
    document = reading.read("a:\n  b:\n    - 1\n    - c: 2\n", "x.yaml")
    paths = [("a",), ("a", "b"), ("a", "b", "0"), ("a", "b", "1", "c"), ("a", "b", "1", "c", "deeper"), ("other",)]
    assert [document.line(path) for path in paths] == [1, 2, 3, 4, 4, 1]


PIECES = st.sampled_from([*"[]{},|#1._%?~'\"\n\t", "a", ": ", "  ", "- ", "&x ", "*x", "!t ", "---", "...", "e5"])


@given(text=st.one_of(st.text(), st.lists(PIECES, max_size=25).map("".join)))
@example(text="%TAG ! x\n---\n")
@example(text="\ufeffa: 1")
def test_any_text_is_a_document_or_a_complaint(text):
    try:
        document = reading.read(text, "fuzz.yaml")
    except ScenarioError as error:
        assert str(error).startswith("fuzz.yaml")  # noqa: PT017  either outcome is fine
    else:
        assert isinstance(document.tree, dict)
